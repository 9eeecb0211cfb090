/* SPDX-License-Identifier: ISC */
/* The scoreboard: values that one process writes and another reads. */
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

/* Addresses of the same value are one IPv6 host, even if last differs. */
static struct address_ip
host(uint8_t value, uint8_t last)
{
	struct address_ip ip = {.port = value};

	memset(ip.bytes, value, sizeof(ip.bytes));
	ip.bytes[15] = last;
	return ip;
}

START_TEST(board_is_empty_after_init)
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

START_TEST(count_host_counts_only_the_same_host)
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

START_TEST(read_returns_peer_and_connections)
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

START_TEST(slot_is_visible_when_another_process_writes_it)
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
	/* If a worker dies while it serves, its slot counts until cleared. */
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 1);
	scoreboard_clear(&board, 1);
	ck_assert_uint_eq(scoreboard_count_host(&board, &a), 0);
}
END_TEST

/* A reader never gets half of one address and half of another. */
START_TEST(read_is_consistent_when_the_slot_changes)
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

START_TEST(compare_is_refused_when_too_many_workers_compare)
{
	ck_assert(scoreboard_begin_compare(&board, 0, 2));
	ck_assert(scoreboard_begin_compare(&board, 1, 2));
	ck_assert(!scoreboard_begin_compare(&board, 2, 2));
	/* Slot 2, which was refused, does not count. */
	scoreboard_end_compare(&board, 1);
	ck_assert(scoreboard_begin_compare(&board, 3, 2));
	ck_assert(!scoreboard_begin_compare(&board, 2, 2));
	/* The worker has ended. */
	scoreboard_clear(&board, 0);
	ck_assert(scoreboard_begin_compare(&board, 2, 2));
}
END_TEST

START_TEST(has_idle_is_true_when_a_worker_waits)
{
	struct address_ip a = host(3, 3);

	ck_assert(!scoreboard_has_idle(&board));
	scoreboard_set_idle(&board, 1);
	ck_assert(scoreboard_has_idle(&board));
	scoreboard_begin(&board, 1, &a);
	ck_assert(!scoreboard_has_idle(&board));
	scoreboard_end(&board, 1);
	ck_assert(scoreboard_has_idle(&board));
	/* The worker has ended. */
	scoreboard_clear(&board, 1);
	ck_assert(!scoreboard_has_idle(&board));
}
END_TEST

/* The next connection repairs a slot that another process has overwritten. */
START_TEST(slot_is_repaired_when_overwritten)
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

START_TEST(is_wanted_is_true_when_a_slot_waits)
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
	/* A worker that has ended no longer waits. */
	scoreboard_clear(&board, SLOTS - 1);
	ck_assert(!scoreboard_is_wanted(&board, "b"));
}
END_TEST

/* A reader never gets a mix of the digests of "a" and "b". */
START_TEST(want_is_consistent_when_the_name_changes)
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
	tcase_add_test(tcase, board_is_empty_after_init);
	tcase_add_test(tcase, count_host_counts_only_the_same_host);
	tcase_add_test(tcase, read_returns_peer_and_connections);
	tcase_add_test(tcase, slot_is_visible_when_another_process_writes_it);
	tcase_add_test(tcase, compare_is_refused_when_too_many_workers_compare);
	tcase_add_test(tcase, has_idle_is_true_when_a_worker_waits);
	tcase_add_test(tcase, read_is_consistent_when_the_slot_changes);
	tcase_add_test(tcase, slot_is_repaired_when_overwritten);
	tcase_add_test(tcase, is_wanted_is_true_when_a_slot_waits);
	tcase_add_test(tcase, want_is_consistent_when_the_name_changes);
	suite_add_tcase(suite, tcase);
	return suite;
}
