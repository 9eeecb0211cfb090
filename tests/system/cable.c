/* SPDX-License-Identifier: ISC */
/* Puts over a network that loses, doubles, delays and reorders packets. */
#include "tests/lab/cable.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/trees.h"

#define TO CABLE_HOST ":"
#define ROUND_TRIP 200 /* milliseconds */
#define SIZE_MOST (1 << 20)

/* Packets lost in a thousand.  Only the long form uses more than the first. */
static const int losses[] = {0, 10, 20, 50};

/* Returns nonzero if there is a cable, zero if the test was skipped. */
static int
begin(struct cable *cable, const struct cable_plan *plan)
{
	if (cable_start(cable, plan) == 0)
		return 1;
	harness_skip("cable", "no network of our own");
	return 0;
}

/* A tree sends large and small packets. */
START_TEST(tree_arrives_whole_when_packets_are_lost_doubled_and_late)
{
	const struct cable_plan plan = {
	    .delay = 5, .lost = 30, .doubled = 30, .late = 50};
	struct cable cable;
	struct server server;
	struct run run;

	if (!begin(&cable, &plan))
		return;
	trees_make("src");
	file_make("src/large", 400000, 7);
	SERVER_START(&server, "-a", CABLE_NEAR, "-w", "2");
	RUN(&run, "ftx", "put", "-r", "-o", "retry=0", "src", TO);
	run_check(&run, 0, NULL);
	trees_check_equal("src", "in/src");
	printf("cable: %lu packets passed, %lu lost, %lu doubled, %lu late; "
	       "%ld ms\n",
	    cable.count->passed, cable.count->lost, cable.count->doubled,
	    cable.count->late, (long)run.elapsed);
	ck_assert_uint_gt(cable.count->lost, 0);
	ck_assert_uint_gt(cable.count->doubled, 0);
	ck_assert_uint_gt(cable.count->late, 0);
	server_stop(&server);
	cable_stop(&cable);
}
END_TEST

/* Listen at the far end of the cable, and set *port. */
static int
listen_far(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(
	    getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* In a child: read to the end of the stream, then reply with a byte. */
static _Noreturn void
drain_one(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char spill[65536];

	while (io_read(fd, spill, sizeof(spill)) > 0)
		continue;
	_exit(io_write(fd, "", 1) == 1 ? 0 : 1);
}

/* Returns how long plain TCP takes for size bytes and a reply. */
static int64_t
measure_plain(size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	static uint8_t bytes[SIZE_MOST];
	unsigned port;
	int listener = listen_far(&port), fd, status;
	pid_t pid = fork();
	io_time begun;

	if (pid == 0)
		drain_one(listener);
	ck_assert_int_gt(pid, 0);
	close(listener);
	address.sin_port = htons((uint16_t)port);
	ck_assert_int_eq(inet_pton(AF_INET, CABLE_HOST, &address.sin_addr), 1);
	begun = io_now();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(io_write_all(fd, bytes, size), 0);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	ck_assert_int_eq(io_read(fd, bytes, 1), 1);
	begun = io_now() - begun;
	close(fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return begun;
}

static int64_t
measure_put(size_t size)
{
	struct run run;

	file_make("f", size, 1);
	RUN(&run, "ftx", "put", "-o", "retry=0", "f", TO);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	return run.elapsed;
}

/* Returns the best time of several tries: each try loses other packets. */
static int64_t
measure_best(int64_t (*measure)(size_t size), size_t size, int tries)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < tries; i++) {
		int64_t took = measure(size);

		best = took < best ? took : best;
	}
	return best;
}

/*
 * A put may take one round trip more than TCP: ftx waits for the greeting.  If
 * packets are lost, the rest may take half as long again.
 */
START_TEST(put_is_as_fast_as_plain_tcp_when_packets_are_lost)
{
	const struct cable_plan plan = {.delay = ROUND_TRIP / 2,
	    .lost = losses[_i],
	    .doubled = losses[_i],
	    .late = losses[_i]};
	const size_t size = _i == 0 ? 20000 : SIZE_MOST;
	const int tries = _i == 0 ? 1 : 5;
	struct cable cable;
	struct server server;
	int64_t plain, put;

	if (!begin(&cable, &plan))
		return;
	SERVER_START(&server, "-a", CABLE_NEAR, "-w", "2");
	plain = measure_best(measure_plain, size, tries);
	put = measure_best(measure_put, size, tries);
	printf("cable: %lu bytes at %d ms, %.1f %% lost, doubled, late: %ld ms "
	       "by TCP, %ld ms by ftx\n",
	    (unsigned long)size, ROUND_TRIP, losses[_i] / 10.0, (long)plain,
	    (long)put);
	ck_assert_int_le(
	    put, (losses[_i] == 0 ? plain : plain * 3 / 2) + ROUND_TRIP + 100);
	server_stop(&server);
	cable_stop(&cable);
}
END_TEST

/*
 * A part of the path drops long packets, and sends no ICMP message about them.
 */
START_TEST(both_sides_time_out_when_long_packets_vanish)
{
	const struct cable_plan plan = {.delay = 1, .longest = 1200};
	struct cable cable;
	struct server server;
	struct run run;

	if (!begin(&cable, &plan))
		return;
	file_make("small", 500, 1);
	file_make("large", 100000, 2);
	SERVER_START(&server, "-a", CABLE_NEAR, "-w", "2", "-C", "2", "-t", "2",
	    "-o", "hello-timeout=2s");
	RUN(&run, "ftx", "put", "-o", "timeout=1s", "-o", "retry=0", "large",
	    TO);
	run_check(&run, 30, NULL);
	ck_assert_int_lt(run.elapsed, 1900);
	ck_assert_uint_gt(cable.count->too_long, 0);
	RUN(&run, "ftx", "put", "-o", "retry=0", "small", TO);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("small", "in/small"));
	server_expect(&server, "ended: stalled");
	ck_assert(!file_exists("in/large"));
	server_stop(&server);
	cable_stop(&cable);
}
END_TEST

Suite *
cable_suite(void)
{
	Suite *suite = suite_create("cable");
	TCase *tcase = harness_case("cable");

	tcase_add_test(
	    tcase, tree_arrives_whole_when_packets_are_lost_doubled_and_late);
	tcase_add_test(tcase, both_sides_time_out_when_long_packets_vanish);
	tcase_add_loop_test(tcase,
	    put_is_as_fast_as_plain_tcp_when_packets_are_lost, 0,
	    getenv("FTX_ENDURANCE") != NULL ? 4 : 1);
	tcase_set_timeout(tcase, 600);
	suite_add_tcase(suite, tcase);
	return suite;
}
