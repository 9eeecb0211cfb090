/* SPDX-License-Identifier: ISC */
/* Hash sources before the server is asked about them. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "tests/unit/client/connected.h"
#include "tests/unit/support.h"

Suite *checksum_suite(void);

/* Several pieces, the last of them short. */
#define LARGE (5 * CONN_DATA + 1)

static struct connected connected;
static struct outgoing *const outgoing = &connected.outgoing;
static struct run *const run = &connected.run;
static struct conn *const conn = &connected.conn;
static struct conn server;
static char large[] = "large", small[] = "small";
static char *paths[] = {large, small};

/* Write zeros: holes would be sent as lengths. */
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
	make(large, LARGE);
	make(small, 5);
	connected.options.checksum = 1;
	connected_begin(&connected, paths, 2);
	ck_assert_int_eq(conn_init(&server, connected.peer, connected.peer,
			     WIRE_FROM_CLIENT),
	    0);
	outgoing_begin(outgoing);
	ck_assert_int_eq(conn_flush(conn), 0);
	ck_assert_int_gt(conn_fill(&server), 0);
	ck_assert_ptr_nonnull(conn_take(&server, WIRE_HELLO));
}

static void
end(void)
{
	conn_release(&server);
	connected_end(&connected);
}

/* Send until the server receives this frame; expect only "waiting" before. */
static struct conn_frame
receive_until(enum wire_type type, uint32_t request)
{
	struct conn_frame frame;

	for (int i = 0; i < 1000; i++) {
		switch (conn_next(&server, &frame)) {
		case CONN_NOTHING:
			(void)outgoing_step(outgoing);
			ck_assert_int_eq(conn_flush(conn), 0);
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
receive_ask(uint32_t number)
{
	const struct conn_frame frame = receive_until(WIRE_ASK, number);
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

START_TEST(ask_carries_digest_when_checksum_is_set)
{
	struct wire_request request;

	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	request = receive_ask(1);
	ck_assert_uint_eq(request.wishes, WIRE_UNLESS_DIGEST);
	ck_assert_uint_eq(request.digest, digest_of_zeros(LARGE));
	request = receive_ask(2);
	ck_assert_uint_eq(request.digest, digest_of_zeros(5));
	ck_assert(!outgoing_is_done(outgoing));
}
END_TEST

/* Before the greeting, the client has no worker, and sends no "waiting". */
START_TEST(waiting_is_sent_while_source_is_hashed)
{
	(void)receive_until(WIRE_BASE, 0);
	ck_assert_int_eq(outgoing_step(outgoing), OUTGOING_MORE);
	ck_assert_int_eq(outgoing_step(outgoing), OUTGOING_IDLE);
	ck_assert_uint_eq(conn_unsent(conn), 0);
	outgoing_greet(outgoing);
	ck_assert_int_eq(outgoing_step(outgoing), OUTGOING_FULL);
	(void)receive_until(WIRE_WAITING, 1);
	/* A session that hashes is not done, even without more sources. */
	run->queue.ended = 1;
	ck_assert(!outgoing_is_done(outgoing));
	/* "waiting" is not sent with each piece, but within 5 seconds. */
	ck_assert_int_eq(outgoing_step(outgoing), OUTGOING_FULL);
	ck_assert_uint_eq(conn_unsent(conn), 0);
	ck_assert_int_gt(outgoing->next_waiting, io_now());
	ck_assert_int_lt(outgoing->next_waiting, io_now() + 5000);
	outgoing->next_waiting = 0;
	(void)receive_until(WIRE_WAITING, 1);
}
END_TEST

/* Hashing pauses while the content of another file is sent. */
START_TEST(content_is_sent_before_hashing_when_request_is_going)
{
	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	make(small, LARGE);
	(void)receive_ask(1);
	(void)receive_until(WIRE_WAITING, 2);
	outgoing->checksum.since -= CHECKSUM_LONGEST;
	window_mark(&outgoing->window, window_find(&outgoing->window, 1),
	    REQUEST_GOING);
	(void)receive_until(WIRE_DATA, 1);
	while (outgoing->fd != -1) {
		struct conn_frame frame;

		(void)outgoing_step(outgoing);
		ck_assert_int_eq(conn_flush(conn), 0);
		(void)conn_fill(&server);
		while (conn_next(&server, &frame) == CONN_FRAME)
			ck_assert_uint_eq(frame.request, 1);
	}
	/* After the end frame, "waiting" is due, and the limit restarts. */
	(void)receive_until(WIRE_WAITING, 2);
	ck_assert_uint_eq(
	    receive_ask(2).wishes & WIRE_UNLESS_DIGEST, WIRE_UNLESS_DIGEST);
}
END_TEST

/* The server accepts "waiting" only for a limited time. */
START_TEST(ask_carries_no_digest_when_hashing_takes_too_long)
{
	struct wire_request request;

	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	(void)receive_until(WIRE_WAITING, 1);
	outgoing->checksum.since -= CHECKSUM_LONGEST;
	request = receive_ask(1);
	ck_assert_uint_eq(request.wishes, 0);
	ck_assert_uint_eq(request.digest, 0);
	request = receive_ask(2);
	ck_assert_uint_eq(request.wishes, WIRE_UNLESS_DIGEST);
}
END_TEST

/* The next connection continues after the part that was hashed. */
START_TEST(hashing_continues_when_connection_is_lost)
{
	uint64_t hashed;

	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	(void)receive_until(WIRE_WAITING, 1);
	hashed = outgoing->checksum.file.sent;
	ck_assert_uint_gt(hashed, 0);
	ck_assert_uint_lt(hashed, LARGE);
	ck_assert_uint_gt(outgoing->window.steps, 0);
	outgoing_release(outgoing, 1);
	outgoing_init(outgoing, run, conn, 0);
	outgoing_greet(outgoing);
	ck_assert_int_eq(outgoing_step(outgoing), OUTGOING_MORE);
	ck_assert_uint_eq(outgoing->checksum.file.sent, hashed);
	ck_assert_uint_eq(receive_ask(1).digest, digest_of_zeros(LARGE));
	/* If the file has changed since, hashing starts again. */
	outgoing_release(outgoing, 1);
	ck_assert_ptr_nonnull(run->again.first);
	run->again.first->digested = 0;
	make(large, LARGE - 1);
	outgoing_init(outgoing, run, conn, 0);
	outgoing_greet(outgoing);
	(void)outgoing_step(outgoing);
	ck_assert_uint_eq(outgoing->checksum.file.sent, 0);
}
END_TEST

START_TEST(source_fails_when_it_changes_while_hashed)
{
	const struct timespec times[2] = {{77, 0}, {77, 0}};

	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	(void)receive_until(WIRE_WAITING, 1);
	ck_assert_int_eq(utimensat(AT_FDCWD, large, times, 0), 0);
	(void)receive_ask(2);
	ck_assert_int_eq(tally_exit(&run->report.tally), 24);
	ck_assert_ptr_null(window_find(&outgoing->window, 1));
}
END_TEST

START_TEST(source_fails_when_it_shrinks_while_hashed)
{
	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	(void)receive_until(WIRE_WAITING, 1);
	make(large, LARGE - 1);
	(void)receive_ask(2);
	ck_assert_uint_eq(run->report.tally.failed, 1);
	ck_assert_int_eq(tally_exit(&run->report.tally), 24);
	ck_assert_ptr_null(window_find(&outgoing->window, 1));
}
END_TEST

/* After the file was hashed, its bytes change, but not its size and time. */
START_TEST(content_is_aborted_when_digest_differs)
{
	struct timespec times[2];
	struct stat found;
	struct conn_frame frame;
	int fd;

	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	(void)receive_ask(1);
	(void)receive_ask(2);
	ck_assert_int_eq(stat(small, &found), 0);
	fd = open(small, O_WRONLY);
	ck_assert_int_eq(write(fd, "12345", 5), 5);
	times[0] = found.st_atim;
	times[1] = found.st_mtim;
	ck_assert_int_eq(futimens(fd, times), 0);
	ck_assert_int_eq(close(fd), 0);
	window_mark(&outgoing->window, window_find(&outgoing->window, 2),
	    REQUEST_GOING);
	frame = receive_until(WIRE_DATA, 2);
	ck_assert_uint_eq(frame.length, 5);
	(void)receive_until(WIRE_ABORT, 2);
	ck_assert_int_eq(tally_exit(&run->report.tally), 24);
}
END_TEST

/* A draining worker accepts no more requests. */
START_TEST(nothing_is_asked_when_session_is_stopped)
{
	(void)receive_until(WIRE_BASE, 0);
	outgoing_greet(outgoing);
	(void)receive_until(WIRE_WAITING, 1);
	outgoing->stopped = 1;
	ck_assert(outgoing_is_done(outgoing));
	ck_assert_int_eq(outgoing_step(outgoing), OUTGOING_IDLE);
	ck_assert_uint_eq(conn_unsent(conn), 0);
}
END_TEST

Suite *
checksum_suite(void)
{
	Suite *suite = suite_create("checksum");
	TCase *tcase = support_case("checksum");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, ask_carries_digest_when_checksum_is_set);
	tcase_add_test(tcase, waiting_is_sent_while_source_is_hashed);
	tcase_add_test(
	    tcase, content_is_sent_before_hashing_when_request_is_going);
	tcase_add_test(
	    tcase, ask_carries_no_digest_when_hashing_takes_too_long);
	tcase_add_test(tcase, hashing_continues_when_connection_is_lost);
	tcase_add_test(tcase, source_fails_when_it_changes_while_hashed);
	tcase_add_test(tcase, source_fails_when_it_shrinks_while_hashed);
	tcase_add_test(tcase, content_is_aborted_when_digest_differs);
	tcase_add_test(tcase, nothing_is_asked_when_session_is_stopped);
	suite_add_tcase(suite, tcase);
	return suite;
}
