/* SPDX-License-Identifier: ISC */
/* Sources that are hashed before they are asked about. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/connection/outgoing.h"
#include "common/digest.h"
#include "tests/unit/support.h"

Suite *checksum_suite(void);

/* Several pieces, and some. */
#define LARGE (5 * CONN_DATA + 1)

static struct options options;
static struct target target;
static struct run run;
static struct conn conn, server;
static struct outgoing outgoing;
static int ends[2];
static char large[] = "large", small[] = "small";
static char *paths[] = {large, small};

/* Without holes, which would not be sent as data. */
static void
make(const char *path, size_t size)
{
	static const char zeros[LARGE];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, zeros, size), (ssize_t)size);
	ck_assert_int_eq(close(fd), 0);
}

static void
begin(void)
{
	static char none[] = "none", path[] = "in";

	options.progress = none;
	options.streams = 1;
	options.checksum = 1;
	options.streams = 1;
	target.path = path;
	make(large, LARGE);
	make(small, 5);
	ck_assert_int_eq(run_init(&run, &options, &target, paths, 2), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	ck_assert_int_eq(
	    conn_init(&conn, ends[0], ends[0], WIRE_FROM_SERVER), 0);
	ck_assert_int_eq(
	    conn_init(&server, ends[1], ends[1], WIRE_FROM_CLIENT), 0);
	outgoing_init(&outgoing, &run, &conn, 0);
	outgoing_begin(&outgoing);
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_int_gt(conn_fill(&server), 0);
	ck_assert_ptr_nonnull(conn_take(&server, WIRE_HELLO));
}

static void
end(void)
{
	outgoing_release(&outgoing, 0);
	conn_release(&server);
	conn_release(&conn);
	run_release(&run);
	close(ends[0]);
	close(ends[1]);
}

/* Feed until the server hears this; what else it hears is waiting. */
static struct conn_frame
send_until(enum wire_type type, uint32_t request)
{
	struct conn_frame frame;

	for (int i = 0; i < 1000; i++) {
		switch (conn_next(&server, &frame)) {
		case CONN_NOTHING:
			(void)outgoing_step(&outgoing);
			ck_assert_int_eq(conn_flush(&conn), 0);
			(void)conn_fill(&server);
			break;
		case CONN_FRAME:
			if (frame.type == type && frame.request == request)
				return frame;
			ck_assert_int_eq(frame.type, WIRE_WAITING);
			break;
		case CONN_MALFORMED:
			ck_abort_msg("%s", frame.reason);
		}
	}
	ck_abort_msg("no %s of %u", wire_type_name(type), request);
}

static struct wire_request
expect_ask(uint32_t number)
{
	const struct conn_frame frame = send_until(WIRE_ASK, number);
	struct wire_request request;

	ck_assert_int_eq(
	    wire_read_request(frame.payload, frame.length, &request), 0);
	return request;
}

static uint64_t
digest_of_zeros(size_t size)
{
	static const uint8_t zeros[LARGE];
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, zeros, size);
	return digest_value(&digest);
}

START_TEST(digests_are_asked_with)
{
	struct wire_request request;

	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	request = expect_ask(1);
	ck_assert_uint_eq(request.wishes, WIRE_UNLESS_DIGEST);
	ck_assert_uint_eq(request.digest, digest_of_zeros(LARGE));
	request = expect_ask(2);
	ck_assert_uint_eq(request.digest, digest_of_zeros(5));
	ck_assert(!outgoing_is_done(&outgoing));
}
END_TEST

/* A pause of many pieces is told at once, and a worker is not held for it. */
START_TEST(the_server_is_told_to_wait)
{
	(void)send_until(WIRE_BASE, 0);
	ck_assert_int_eq(outgoing_step(&outgoing), OUTGOING_MORE);
	ck_assert_int_eq(outgoing_step(&outgoing), OUTGOING_IDLE);
	ck_assert_uint_eq(conn_unsent(&conn), 0);
	outgoing_greet(&outgoing);
	ck_assert_int_eq(outgoing_step(&outgoing), OUTGOING_FULL);
	(void)send_until(WIRE_WAITING, 1);
	/* Also where nothing else is left to be sent. */
	run.queue.ended = 1;
	ck_assert(!outgoing_is_done(&outgoing));
	/* Not with each piece, but in time. */
	ck_assert_int_eq(outgoing_step(&outgoing), OUTGOING_FULL);
	ck_assert_uint_eq(conn_unsent(&conn), 0);
	ck_assert_int_gt(outgoing.next_waiting, io_now());
	ck_assert_int_lt(outgoing.next_waiting, io_now() + 5000);
	outgoing.next_waiting = 0;
	(void)send_until(WIRE_WAITING, 1);
}
END_TEST

/* The content of one goes on while another is hashed. */
START_TEST(what_may_go_goes_first)
{
	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	make(small, LARGE);
	(void)expect_ask(1);
	(void)send_until(WIRE_WAITING, 2);
	outgoing.checksum.since -= CHECKSUM_LONGEST;
	window_mark(
	    &outgoing.window, window_find(&outgoing.window, 1), REQUEST_GOING);
	(void)send_until(WIRE_DATA, 1);
	while (outgoing.fd != -1) {
		struct conn_frame frame;

		(void)outgoing_step(&outgoing);
		ck_assert_int_eq(conn_flush(&conn), 0);
		(void)conn_fill(&server);
		while (conn_next(&server, &frame) == CONN_FRAME)
			ck_assert_uint_eq(frame.request, 1);
	}
	/* The end was the last frame: the excuse is made again, and counts. */
	(void)send_until(WIRE_WAITING, 2);
	ck_assert_uint_eq(
	    expect_ask(2).wishes & WIRE_UNLESS_DIGEST, WIRE_UNLESS_DIGEST);
}
END_TEST

/* No server waits for ever: then it is sent without having been compared. */
START_TEST(no_excuse_is_too_long)
{
	struct wire_request request;

	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	(void)send_until(WIRE_WAITING, 1);
	outgoing.checksum.since -= CHECKSUM_LONGEST;
	request = expect_ask(1);
	ck_assert_uint_eq(request.wishes, 0);
	ck_assert_uint_eq(request.digest, 0);
	request = expect_ask(2);
	ck_assert_uint_eq(request.wishes, WIRE_UNLESS_DIGEST);
}
END_TEST

/* A server that cannot wait so long is asked in the end, too. */
START_TEST(the_next_connection_goes_on)
{
	uint64_t hashed;

	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	(void)send_until(WIRE_WAITING, 1);
	hashed = outgoing.checksum.file.sent;
	ck_assert_uint_gt(hashed, 0);
	ck_assert_uint_lt(hashed, LARGE);
	ck_assert_uint_gt(outgoing.window.steps, 0);
	outgoing_release(&outgoing, 1);
	outgoing_init(&outgoing, &run, &conn, 0);
	outgoing_greet(&outgoing);
	ck_assert_int_eq(outgoing_step(&outgoing), OUTGOING_MORE);
	ck_assert_uint_eq(outgoing.checksum.file.sent, hashed);
	ck_assert_uint_eq(expect_ask(1).digest, digest_of_zeros(LARGE));
	/* Not with what was read of another file. */
	outgoing_release(&outgoing, 1);
	ck_assert_ptr_nonnull(run.again.first);
	run.again.first->digested = 0;
	make(large, LARGE - 1);
	outgoing_init(&outgoing, &run, &conn, 0);
	outgoing_greet(&outgoing);
	(void)outgoing_step(&outgoing);
	ck_assert_uint_eq(outgoing.checksum.file.sent, 0);
}
END_TEST

START_TEST(sources_that_change_meanwhile)
{
	const struct timespec times[2] = {{77, 0}, {77, 0}};

	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	(void)send_until(WIRE_WAITING, 1);
	ck_assert_int_eq(utimensat(AT_FDCWD, large, times, 0), 0);
	(void)expect_ask(2);
	ck_assert_int_eq(tally_exit(&run.tally), 24);
	ck_assert_ptr_null(window_find(&outgoing.window, 1));
}
END_TEST

START_TEST(sources_that_become_shorter)
{
	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	(void)send_until(WIRE_WAITING, 1);
	make(large, LARGE - 1);
	(void)expect_ask(2);
	ck_assert_uint_eq(run.tally.failed, 1);
	ck_assert_int_eq(tally_exit(&run.tally), 24);
	ck_assert_ptr_null(window_find(&outgoing.window, 1));
}
END_TEST

/* Its time does not tell, but what is sent is not what was hashed. */
START_TEST(content_that_changes_unseen)
{
	struct timespec times[2];
	struct stat found;
	struct conn_frame frame;
	int fd;

	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	(void)expect_ask(1);
	(void)expect_ask(2);
	ck_assert_int_eq(stat(small, &found), 0);
	fd = open(small, O_WRONLY);
	ck_assert_int_eq(write(fd, "12345", 5), 5);
	times[0] = found.st_atim;
	times[1] = found.st_mtim;
	ck_assert_int_eq(futimens(fd, times), 0);
	ck_assert_int_eq(close(fd), 0);
	window_mark(
	    &outgoing.window, window_find(&outgoing.window, 2), REQUEST_GOING);
	frame = send_until(WIRE_DATA, 2);
	ck_assert_uint_eq(frame.length, 5);
	(void)send_until(WIRE_ABORT, 2);
	ck_assert_int_eq(tally_exit(&run.tally), 24);
}
END_TEST

/* A worker that goes takes no further request. */
START_TEST(nothing_is_asked_when_it_is_over)
{
	(void)send_until(WIRE_BASE, 0);
	outgoing_greet(&outgoing);
	(void)send_until(WIRE_WAITING, 1);
	outgoing.stopped = 1;
	ck_assert(outgoing_is_done(&outgoing));
	ck_assert_int_eq(outgoing_step(&outgoing), OUTGOING_IDLE);
	ck_assert_uint_eq(conn_unsent(&conn), 0);
}
END_TEST

Suite *
checksum_suite(void)
{
	Suite *suite = suite_create("checksum");
	TCase *tcase = support_case("checksum");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, digests_are_asked_with);
	tcase_add_test(tcase, the_server_is_told_to_wait);
	tcase_add_test(tcase, what_may_go_goes_first);
	tcase_add_test(tcase, no_excuse_is_too_long);
	tcase_add_test(tcase, the_next_connection_goes_on);
	tcase_add_test(tcase, sources_that_change_meanwhile);
	tcase_add_test(tcase, sources_that_become_shorter);
	tcase_add_test(tcase, content_that_changes_unseen);
	tcase_add_test(tcase, nothing_is_asked_when_it_is_over);
	suite_add_tcase(suite, tcase);
	return suite;
}
