/* SPDX-License-Identifier: ISC */
/* The scoreboard: what one process writes, another counts. */
#include <check.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/shared/scoreboard.h"

#define SLOTS 8
#define ROUNDS 100000

Suite *scoreboard_suite(void);

static struct scoreboard board;

static void
setup(void)
{
	ck_assert_int_eq(scoreboard_init(&board, SLOTS), 0);
}

/* All bytes alike but for the last: one IPv6 host for each value. */
static struct address_ip
host(uint8_t value, uint8_t last)
{
	struct address_ip ip = {.port = value};

	memset(ip.bytes, value, sizeof(ip.bytes));
	ip.bytes[15] = last;
	return ip;
}

START_TEST(empty_at_first)
{
	struct address_ip peer = host(1, 1);
	uint32_t connections;

	ck_assert_uint_eq(scoreboard_count_host(&board, &peer), 0);
	for (size_t i = 0; i < SLOTS; i++) {
		ck_assert(!scoreboard_read(&board, i, &peer, &connections));
		ck_assert_uint_eq(connections, 0);
	}
}
END_TEST

START_TEST(counts_one_host_only)
{
	struct address_ip a = host(1, 1), neighbour = host(1, 2);
	struct address_ip b = host(2, 1);

	scoreboard_begin(&board, 0, &a);
	scoreboard_begin(&board, 3, &b);
	scoreboard_begin(&board, SLOTS - 1, &neighbour);
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 2);
	ck_assert_uint_eq(scoreboard_count_host(&board, &b), 1);
	scoreboard_end(&board, 0);
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 1);
	scoreboard_clear(&board, SLOTS - 1);
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 0);
}
END_TEST

START_TEST(tells_peer_and_connections)
{
	struct address_ip a = host(7, 9), peer;
	uint32_t connections;

	for (uint32_t i = 1; i <= 3; i++) {
		scoreboard_begin(&board, 2, &a);
		ck_assert(scoreboard_read(&board, 2, &peer, &connections));
		ck_assert_uint_eq(connections, i);
		ck_assert_mem_eq(peer.bytes, a.bytes, sizeof(a.bytes));
		ck_assert_uint_eq(peer.port, 7);
		scoreboard_end(&board, 2);
		ck_assert(!scoreboard_read(&board, 2, &peer, &connections));
		ck_assert_uint_eq(connections, i);
	}
}
END_TEST

START_TEST(shared_between_processes)
{
	struct address_ip a = host(5, 5);
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		scoreboard_begin(&board, 1, &a);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	/* Its worker died without an end: it counts until it is cleared. */
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 1);
	scoreboard_clear(&board, 1);
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 0);
}
END_TEST

/* A slot that is written all the time is never seen half old, half new. */
START_TEST(never_torn)
{
	struct address_ip a = host(1, 1), b = host(2, 2), peer;
	uint32_t connections;
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		for (int i = 0; i < ROUNDS; i++) {
			scoreboard_begin(&board, 0, i % 2 == 0 ? &a : &b);
			scoreboard_end(&board, 0);
		}
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		if (scoreboard_read(&board, 0, &peer, &connections))
			for (int i = 1; i < 16; i++)
				ck_assert_uint_eq(peer.bytes[i], peer.bytes[0]);
	ck_assert(!scoreboard_read(&board, 0, &peer, &connections));
	ck_assert_uint_eq(connections, ROUNDS);
}
END_TEST

START_TEST(so_many_compare_at_once)
{
	ck_assert(scoreboard_compare(&board, 0, 2));
	ck_assert(scoreboard_compare(&board, 1, 2));
	ck_assert(!scoreboard_compare(&board, 2, 2));
	/* Who was refused does not count. */
	scoreboard_compared(&board, 1);
	ck_assert(scoreboard_compare(&board, 3, 2));
	ck_assert(!scoreboard_compare(&board, 2, 2));
	/* Its worker is gone. */
	scoreboard_clear(&board, 0);
	ck_assert(scoreboard_compare(&board, 2, 2));
}
END_TEST

START_TEST(an_idle_worker_is_seen)
{
	struct address_ip a = host(3, 3);

	ck_assert(!scoreboard_has_idle(&board));
	scoreboard_wait(&board, 1);
	ck_assert(scoreboard_has_idle(&board));
	scoreboard_begin(&board, 1, &a);
	ck_assert(!scoreboard_has_idle(&board));
	scoreboard_end(&board, 1);
	ck_assert(scoreboard_has_idle(&board));
	/* Its worker is gone. */
	scoreboard_clear(&board, 1);
	ck_assert(!scoreboard_has_idle(&board));
}
END_TEST

/* What somebody else wrote is over with one's next connection. */
START_TEST(mends_itself)
{
	struct address_ip a = host(3, 3), peer;
	uint32_t connections;

	for (uint32_t before = 0; before < 4; before++) {
		atomic_store(&board.slots[4].serial, UINT32_MAX - before);
		scoreboard_begin(&board, 4, &a);
		ck_assert(scoreboard_read(&board, 4, &peer, &connections));
		scoreboard_end(&board, 4);
		ck_assert(!scoreboard_read(&board, 4, &peer, &connections));
	}
}
END_TEST

START_TEST(tells_what_is_wanted)
{
	ck_assert(!scoreboard_is_wanted(&board, "a"));
	scoreboard_want(&board, 2, "a");
	scoreboard_want(&board, SLOTS - 1, "b");
	ck_assert(scoreboard_is_wanted(&board, "a"));
	ck_assert(scoreboard_is_wanted(&board, "b"));
	ck_assert(!scoreboard_is_wanted(&board, "ab"));
	scoreboard_want(&board, 2, "c");
	ck_assert(!scoreboard_is_wanted(&board, "a"));
	ck_assert(scoreboard_is_wanted(&board, "c"));
	scoreboard_want(&board, 2, NULL);
	scoreboard_want(&board, 2, NULL);
	ck_assert(!scoreboard_is_wanted(&board, "c"));
	/* A worker that died waits no longer. */
	scoreboard_clear(&board, SLOTS - 1);
	ck_assert(!scoreboard_is_wanted(&board, "b"));
}
END_TEST

/* One of two is wanted at any time, or none, but never both by one slot. */
START_TEST(want_is_never_torn)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		for (int i = 0; i < ROUNDS; i++)
			scoreboard_want(&board, 0, i % 2 == 0 ? "a" : "b");
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		for (char name[] = "c"; name[0] <= 'z'; name[0]++)
			ck_assert(!scoreboard_is_wanted(&board, name));
	ck_assert(scoreboard_is_wanted(&board, "b"));
}
END_TEST

Suite *
scoreboard_suite(void)
{
	Suite *suite = suite_create("scoreboard");
	TCase *tcase = tcase_create("scoreboard");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, empty_at_first);
	tcase_add_test(tcase, counts_one_host_only);
	tcase_add_test(tcase, tells_peer_and_connections);
	tcase_add_test(tcase, shared_between_processes);
	tcase_add_test(tcase, so_many_compare_at_once);
	tcase_add_test(tcase, an_idle_worker_is_seen);
	tcase_add_test(tcase, never_torn);
	tcase_add_test(tcase, mends_itself);
	tcase_add_test(tcase, tells_what_is_wanted);
	tcase_add_test(tcase, want_is_never_torn);
	suite_add_tcase(suite, tcase);
	return suite;
}
