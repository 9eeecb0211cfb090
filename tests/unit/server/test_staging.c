/* SPDX-License-Identifier: ISC */
/* Create and discard files in the staging directory. */
#include "server/store/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

#define MANY 200

Suite *staging_suite(void);

START_TEST(created_files_have_mode_0600_and_different_names)
{
	static struct staging_file staged[MANY];
	struct store store = {.root = -1};
	char path[2 * STAGING_NAME];

	umask(0);
	inbox_open(&store);
	for (size_t i = 0; i < MANY; i++) {
		ck_assert_int_eq(staging_create(&store, &staged[i]), 0);
		snprintf(path, sizeof(path), "%s/%s", inbox_staging(),
		    staged[i].name);
		ck_assert_uint_eq(file_mode(path), S_IFREG | 0600);
	}
	ck_assert_uint_eq(directory_count(inbox_staging()), MANY);
	for (size_t i = 0; i < MANY; i++)
		staging_discard(&store, &staged[i]);
	inbox_close(&store);
}
END_TEST

/* The parts of a name: process, milliseconds and serial number. */
struct guess {
	unsigned long pid, serial;
	unsigned long long now;
};

/* From LATE ms ahead, guess GUESSED names for each of MILLISECONDS ms. */
#define GUESSED 3
#define MILLISECONDS 60
#define LATE 500

static struct guess
read_name(const struct staging_file *staged)
{
	struct guess guess;

	ck_assert_int_eq(sscanf(staged->name, "%lx-%llx-%lx", &guess.pid,
			     &guess.now, &guess.serial),
	    3);
	return guess;
}

/* Returns the path of guess number. */
static const char *
guess_name(const struct guess *last, unsigned number)
{
	static char path[3 * STAGING_NAME];

	snprintf(path, sizeof(path), "%s/%lx-%llx-%lx", inbox_staging(),
	    last->pid, last->now + number / GUESSED,
	    last->serial + 1 + number % GUESSED);
	return path;
}

START_TEST(existing_name_is_skipped_when_guessed)
{
	struct guess last, next;
	struct store store = {.root = -1};
	struct staging_file staged;

	inbox_open(&store);
	ck_assert_int_eq(staging_create(&store, &staged), 0);
	last = read_name(&staged);
	staging_discard(&store, &staged);
	last.now += LATE;
	for (unsigned i = 0; i < GUESSED * MILLISECONDS; i++)
		ck_assert_int_eq(
		    symlink("../../victim", guess_name(&last, i)), 0);
	while (io_now() <= (io_time)last.now)
		(void)poll(NULL, 0, 1);
	ck_assert_int_eq(staging_create(&store, &staged), 0);
	next = read_name(&staged);
	if (next.now < last.now + MILLISECONDS)
		ck_assert_uint_eq(next.serial, last.serial + 1 + GUESSED);
	ck_assert_int_eq(access("victim", F_OK), -1);
	staging_discard(&store, &staged);
	for (unsigned i = 0; i < GUESSED * MILLISECONDS; i++)
		ck_assert_int_eq(unlink(guess_name(&last, i)), 0);
	inbox_close(&store);
}
END_TEST

START_TEST(names_end_in_the_host_when_locks_are_not_shared)
{
	struct store store = {.root = -1};
	struct staging_file staged;
	char host[256] = "";

	inbox_open(&store);
	store_mark(&store, 0);
	ck_assert_int_eq(gethostname(host, sizeof(host) - 1), 0);
	ck_assert_uint_eq(strlen(store.mark), 1 + strlen(host));
	ck_assert_int_eq(store.mark[0], '@');
	ck_assert_int_eq(staging_create(&store, &staged), 0);
	ck_assert_str_eq(strchr(staged.name, '@'), store.mark);
	ck_assert(staging_is_own(&store, staged.name));
	ck_assert(!staging_is_own(&store, "1-2-3"));
	ck_assert(!staging_is_own(&store, "1-2-3@another"));
	staging_discard(&store, &staged);
	store_mark(&store, 1);
	ck_assert(staging_is_own(&store, "1-2-3@another"));
	inbox_close(&store);
}
END_TEST

START_TEST(discard_keeps_errno)
{
	struct store store = {.root = -1};
	struct staging_file staged;

	inbox_open(&store);
	inbox_stage(&store, &staged, "x");
	errno = EXDEV;
	staging_discard(&store, &staged);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(staged.fd, -1);
	inbox_close(&store);
}
END_TEST

Suite *
staging_suite(void)
{
	Suite *suite = suite_create("staging");
	TCase *tcase = support_case("staging");

	tcase_add_test(tcase, created_files_have_mode_0600_and_different_names);
	tcase_add_test(tcase, existing_name_is_skipped_when_guessed);
	tcase_add_test(tcase, names_end_in_the_host_when_locks_are_not_shared);
	tcase_add_test(tcase, discard_keeps_errno);
	suite_add_tcase(suite, tcase);
	return suite;
}
