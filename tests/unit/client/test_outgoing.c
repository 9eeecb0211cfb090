/* SPDX-License-Identifier: ISC */
/* What goes out before the greeting, and what changes with it. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/connection/outgoing.h"
#include "tests/unit/support.h"

Suite *outgoing_suite(void);

/* Source: ftx-protocol(5), ENDING. */
#define EARLY (256 * 1024)
#define FILES 200

static struct options options;
static struct target target;
static struct run run;
static struct conn conn;
static struct outgoing outgoing;
static int ends[2];
static char names[FILES][8];
static char *paths[FILES];

static void
begin(size_t count)
{
	static char none[] = "none", path[] = "in";

	options.progress = none;
	options.streams = 1;
	target.path = path;
	ck_assert_int_eq(run_init(&run, &options, &target, paths, count), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	ck_assert_int_eq(
	    conn_init(&conn, ends[0], ends[0], WIRE_FROM_SERVER), 0);
	outgoing_init(&outgoing, &run, &conn, 0);
	outgoing_begin(&outgoing);
}

static void
end(void)
{
	outgoing_release(&outgoing, 0);
	conn_release(&conn);
	run_release(&run);
	close(ends[0]);
	close(ends[1]);
}

/* Feed until there is nothing to do. */
static void
send_all(void)
{
	static uint8_t spill[65536];
	enum outgoing_step step;

	do {
		step = outgoing_step(&outgoing);
		ck_assert_int_eq(conn_flush(&conn), 0);
		while (read(ends[1], spill, sizeof(spill)) > 0)
			continue;
	} while (step != OUTGOING_IDLE || conn_unsent(&conn) > 0);
}

/* Sources of these sizes, the last of them for all that follow. */
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
		/* Not a hole, of which hardly anything is sent. */
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

START_TEST(no_more_before_the_greeting)
{
	make_sources(cases[_i].sizes, 3);
	begin(cases[_i].count);
	send_all();
	ck_assert_uint_le(conn.sent, EARLY);
	/* And hardly less, where there is more to send. */
	if (cases[_i].sizes[0] > 0)
		ck_assert_uint_gt(conn.sent, EARLY - 5000);
	outgoing_greet(&outgoing);
	send_all();
	if (cases[_i].sizes[0] > 0)
		ck_assert_uint_gt(conn.sent, EARLY);
	ck_assert_uint_eq(run.queue.next, cases[_i].count);
	end();
}
END_TEST

/* Time that was spent waiting for a worker is not time of the file. */
START_TEST(files_begin_with_the_greeting)
{
	const size_t sizes[] = {1, (1 << 20) - 1};
	io_time now;

	make_sources(sizes, 2);
	begin(3);
	send_all();
	ck_assert_uint_eq(outgoing.window.next, 3);
	window_find(&outgoing.window, 1)->begun = 7;
	window_find(&outgoing.window, 2)->begun = 7;
	window_mark(
	    &outgoing.window, window_find(&outgoing.window, 1), REQUEST_DONE);
	now = io_now();
	outgoing_greet(&outgoing);
	ck_assert_int_ge(window_find(&outgoing.window, 2)->begun, now);
	end();
}
END_TEST

Suite *
outgoing_suite(void)
{
	Suite *suite = suite_create("outgoing");
	TCase *tcase = support_case("outgoing");

	tcase_add_loop_test(tcase, no_more_before_the_greeting, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, files_begin_with_the_greeting);
	suite_add_tcase(suite, tcase);
	return suite;
}
