/* SPDX-License-Identifier: ISC */
/* A server's conn over a socket pair, and the socket of its peer. */
#include "tests/unit/common/conn_pair.h"

#include <check.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn_pair conn_pair;

void
conn_pair_begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM, 0, conn_pair.ends), 0);
	ck_assert_int_eq(io_set_blocking(conn_pair.ends[0], 0), 0);
	ck_assert_int_eq(conn_init(&conn_pair.conn, conn_pair.ends[0],
			     conn_pair.ends[0], WIRE_FROM_CLIENT),
	    0);
}

void
conn_pair_finish(void)
{
	conn_release(&conn_pair.conn);
	close(conn_pair.ends[0]);
	if (conn_pair.ends[1] != -1)
		close(conn_pair.ends[1]);
}

void
conn_pair_send(const void *bytes, size_t length)
{
	ck_assert_int_eq(io_write_all(conn_pair.ends[1], bytes, length), 0);
}
