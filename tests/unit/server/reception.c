/* SPDX-License-Identifier: ISC */
/* A client and the frame handling of a server, in one process. */
#include "tests/unit/server/reception.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/session/frames.h"
#include "tests/unit/server/inbox.h"

struct store reception_store;
struct reception reception_shared;

static int
keep_alive(void *argument)
{
	(void)argument;
	return 0;
}

void
reception_open(struct reception *reception, const struct store *store)
{
	int ends[2];

	memset(reception, 0, sizeof(*reception));
	reception->policy =
	    (struct policy){.store = store, .max_size = UINT64_MAX};
	reception->comparer.keepalive.call = keep_alive;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(
	    conn_init(&reception->conn, ends[0], ends[0], WIRE_FROM_CLIENT), 0);
	client_open(&reception->client, ends[1]);
	receive_init(&reception->receive, &reception->policy, &reception->conn,
	    "test", &reception->comparer);
	reception->receive.compares = 1;
}

void
reception_close(struct reception *reception)
{
	receive_release(&reception->receive);
	client_close(&reception->client);
	close(reception->conn.in);
	conn_release(&reception->conn);
}

int
reception_run(struct reception *reception)
{
	struct conn *conn = &reception->conn;
	struct conn_frame frame;
	int result = 0;

	client_flush(&reception->client);
	while (result == 0) {
		enum conn_event event = conn_next(conn, &frame);

		ck_assert_int_ne(event, CONN_MALFORMED);
		if (event == CONN_FRAME)
			result = frames_handle(&reception->receive, &frame);
		else if (conn_fill(conn) == -1)
			break;
	}
	ck_assert_int_eq(conn_flush(conn), 0);
	return result;
}

void
reception_finish(struct reception *reception)
{
	ck_assert_msg(
	    reception_run(reception) == 0, "%s", reception->receive.fatal.text);
	ck_assert_int_eq(receive_commit(&reception->receive), 0);
	ck_assert_int_eq(conn_flush(&reception->conn), 0);
}

void
reception_expect_error(struct reception *reception)
{
	ck_assert_int_eq(reception_run(reception), -1);
	ck_assert_int_eq(reception->receive.fatal.status, STATUS_PROTOCOL);
	ck_assert_str_ne(reception->receive.fatal.text, "");
}

void
reception_base(struct reception *reception, const char *path)
{
	client_base(&reception->client, WIRE_BASE_DIRECTORY, path);
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_based(&reception->client, path, "");
}

void
reception_expect_silence(struct reception *reception)
{
	client_expect_nothing(&reception->client);
}

void
reception_begin(void)
{
	inbox_open(&reception_store);
	reception_open(&reception_shared, &reception_store);
}

void
reception_end(void)
{
	reception_close(&reception_shared);
	inbox_close(&reception_store);
}

void
reception_restart(void)
{
	reception_close(&reception_shared);
	reception_open(&reception_shared, &reception_store);
	reception_base(&reception_shared, "");
}
