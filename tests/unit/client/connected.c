/* SPDX-License-Identifier: ISC */
/* A fixture: the sending half of a session, connected to a test's socket. */
#include "tests/unit/client/connected.h"

#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "common/wire.h"

void
connected_begin(struct connected *connected, char *const *paths, size_t count)
{
	static char none[] = "none", path[] = "in";
	int ends[2];

	connected->options.progress = none;
	connected->options.streams = 1;
	connected->target.path = path;
	ck_assert_int_eq(run_init(&connected->run, &connected->options,
			     &connected->target, paths, count),
	    0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	ck_assert_int_eq(
	    conn_init(&connected->conn, ends[0], ends[0], WIRE_FROM_SERVER), 0);
	connected->peer = ends[1];
	outgoing_init(
	    &connected->outgoing, &connected->run, &connected->conn, 0);
}

void
connected_end(struct connected *connected)
{
	outgoing_release(&connected->outgoing, 0);
	conn_release(&connected->conn);
	run_release(&connected->run);
	close(connected->conn.in);
	close(connected->peer);
}
