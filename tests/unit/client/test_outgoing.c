/* SPDX-License-Identifier: ISC */
/* The frames that a session sends before and after the greeting. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/client/connected.h"
#include "tests/unit/support.h"

Suite *outgoing_suite(void);

/* Source: ftx-protocol(5), ENDING. */
#define EARLY (256 * 1024)
#define FILES 200

static struct connected connected;
static struct outgoing *const outgoing = &connected.outgoing;
static struct run *const run = &connected.run;
static struct conn *const conn = &connected.conn;
static char names[FILES][8];
static char *paths[FILES];

static void
begin(size_t count)
{
	connected_begin(&connected, paths, count);
	outgoing_begin(outgoing);
}

/* Send until the session waits for the server. */
static void
send_all(void)
{
	static uint8_t spill[65536];
	enum outgoing_step step;

	do {
		step = outgoing_step(outgoing);
		ck_assert_int_eq(conn_flush(conn), 0);
		while (read(connected.peer, spill, sizeof(spill)) > 0)
			continue;
	} while (step != OUTGOING_IDLE || conn_unsent(conn) > 0);
}

/* Make FILES sources of these sizes; the last size repeats. */
static void
make_sources(const size_t *sizes, size_t count)
{
	for (size_t i = 0; i < FILES; i++) {
		size_t size = sizes[i < count ? i : count - 1];
		int fd;

		snprintf(names[i], sizeof(names[i]), "f%zu", i);
		paths[i] = names[i];
		fd = open(names[i], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ck_assert_int_ge(fd, 0);
		/* Allocate: a hole would be sent as a length. */
		ck_assert(
		    size == 0 || posix_fallocate(fd, 0, (off_t)size) == 0);
		close(fd);
	}
}

static const struct {
	size_t count, sizes[3];
} cases[] = {
    {1, {(1 << 20) - 1}},
    {FILES, {0}},
    {FILES, {5000, 5000, 5000}},
    {FILES, {EARLY - 5000, (1 << 20) - 1, 100}},
    {FILES, {EARLY - 200, EARLY, 0}},
    {FILES, {1, EARLY - 1, EARLY}},
};

START_TEST(outgoing_stops_at_early_limit_before_greeting)
{
	make_sources(cases[_i].sizes, 3);
	begin(cases[_i].count);
	send_all();
	ck_assert_uint_le(conn->sent, EARLY);
	/* If the sources have content, the session sends almost EARLY bytes. */
	if (cases[_i].sizes[0] > 0)
		ck_assert_uint_gt(conn->sent, EARLY - 5000);
	outgoing_greet(outgoing);
	send_all();
	if (cases[_i].sizes[0] > 0)
		ck_assert_uint_gt(conn->sent, EARLY);
	ck_assert_uint_eq(run->queue.next, cases[_i].count);
	connected_end(&connected);
}
END_TEST

/* The time of a file begins when a worker greets, not before. */
START_TEST(files_begin_when_worker_greets)
{
	const size_t sizes[] = {1, (1 << 20) - 1};
	io_time now;

	make_sources(sizes, 2);
	begin(3);
	send_all();
	ck_assert_uint_eq(outgoing->window.next, 3);
	window_find(&outgoing->window, 1)->begun = 7;
	window_find(&outgoing->window, 2)->begun = 7;
	window_mark(
	    &outgoing->window, window_find(&outgoing->window, 1), REQUEST_DONE);
	now = io_now();
	outgoing_greet(outgoing);
	ck_assert_int_ge(window_find(&outgoing->window, 2)->begun, now);
	connected_end(&connected);
}
END_TEST

Suite *
outgoing_suite(void)
{
	Suite *suite = suite_create("outgoing");
	TCase *tcase = support_case("outgoing");

	tcase_add_loop_test(tcase,
	    outgoing_stops_at_early_limit_before_greeting, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, files_begin_when_worker_greets);
	suite_add_tcase(suite, tcase);
	return suite;
}
