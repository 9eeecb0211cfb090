/* SPDX-License-Identifier: ISC */
/* Open the receiving directory and its staging directory. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

#define NOBODY 65534

Suite *store_suite(void);

START_TEST(staging_directory_is_created_with_mode_0700)
{
	struct store store = {.root = -1};

	umask(0);
	inbox_open(&store);
	ck_assert_uint_eq(file_mode(inbox_staging()), S_IFDIR | 0700);
	inbox_close(&store);
	store_close(&store);
}
END_TEST

START_TEST(existing_staging_directory_is_used)
{
	struct store store = {.root = -1};
	struct outcome outcome;

	inbox_open(&store);
	store_close(&store);
	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	inbox_close(&store);
}
END_TEST

START_TEST(missing_receiving_directory_is_reported)
{
	struct store store = {.root = -1};
	struct outcome outcome;

	ck_assert_int_eq(store_open(&store, "nowhere", &outcome), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "nowhere"));
	file_make("file", "");
	ck_assert_int_eq(store_open(&store, "file", &outcome), -1);
}
END_TEST

/* Expect that the existing staging directory is refused. */
static void
expect_refused(void)
{
	struct store store = {.root = -1};
	struct outcome outcome;

	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, ".ftx-"));
	store_close(&store);
}

START_TEST(staging_directory_of_wrong_type_is_refused)
{
	directory_make("in");
	file_make(inbox_staging(), "");
	expect_refused();
	ck_assert_int_eq(unlink(inbox_staging()), 0);
	ck_assert_int_eq(mkdir("elsewhere", 0700), 0);
	ck_assert_int_eq(symlink("../elsewhere", inbox_staging()), 0);
	expect_refused();
}
END_TEST

START_TEST(staging_directory_of_wrong_mode_is_refused)
{
	static const mode_t modes[] = {0701, 0710, 0704, 0720, 0755, 01777};

	directory_make("in");
	directory_make(inbox_staging());
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(inbox_staging(), modes[i]), 0);
		expect_refused();
	}
}
END_TEST

START_TEST(staging_directory_of_other_owner_is_refused)
{
	directory_make("in");
	ck_assert_int_eq(mkdir(inbox_staging(), 0700), 0);
	if (chown(inbox_staging(), geteuid() + 1, (gid_t)-1) == -1)
		support_skip("nobody", "owners cannot be changed here");
	else
		expect_refused();
}
END_TEST

START_TEST(staging_directory_on_other_file_system_is_refused)
{
	directory_make("in");
	if (!support_mount(inbox_staging(), 64))
		return;
	ck_assert_int_eq(chmod(inbox_staging(), 0700), 0);
	expect_refused();
}
END_TEST

START_TEST(unwritable_receiving_directory_is_refused)
{
	struct store store = {.root = -1};
	struct outcome outcome;
	char staging[STAGING_NAME];
	int root = geteuid() == 0, status;
	pid_t child;

	/* The staging directory exists, but it could not be created again. */
	directory_make("in");
	snprintf(staging, sizeof(staging), "in/.ftx-%lu",
	    root ? (unsigned long)NOBODY : (unsigned long)geteuid());
	ck_assert_int_eq(mkdir(staging, 0700), 0);
	if (root)
		ck_assert_int_eq(chown(staging, NOBODY, (gid_t)-1), 0);
	ck_assert_int_eq(chmod("in", 0555), 0);
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0) {
		if (root && setuid(NOBODY) == -1)
			_exit(2);
		_exit(store_open(&store, "in", &outcome) != 0 ||
			    store_enter(&store, &outcome) != -1 ||
			    outcome.status != STATUS_REFUSED
			? 1
			: 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(staging_directory_is_created_again_when_removed)
{
	struct store store = {.root = -1};
	struct outcome outcome;
	int old;

	inbox_open(&store);
	old = store.staging;
	ck_assert(!store_staging_is_gone(&store));
	ck_assert_int_eq(store_reenter(&store, &outcome), 0);
	ck_assert_int_eq(store.staging, old);
	ck_assert_int_eq(rmdir(inbox_staging()), 0);
	ck_assert(store_staging_is_gone(&store));
	directory_make(inbox_staging());
	ck_assert_int_eq(chmod(inbox_staging(), 0755), 0);
	ck_assert_int_eq(store_reenter(&store, &outcome), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "mode 0700"));
	ck_assert_int_eq(store.staging, old);
	ck_assert_int_eq(rmdir(inbox_staging()), 0);
	ck_assert_int_eq(store_reenter(&store, &outcome), 0);
	ck_assert(!store_staging_is_gone(&store));
	ck_assert(file_is(store.staging, inbox_staging()));
	inbox_close(&store);
}
END_TEST

START_TEST(removed_receiving_directory_is_refused)
{
	struct store store = {.root = -1, .staging = -1};
	struct outcome outcome;

	ck_assert_int_eq(store_enter(&store, &outcome), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "the receiving directory"));
	directory_make("in");
	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(rmdir("in"), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), -1);
	store_close(&store);
}
END_TEST

START_TEST(largest_file_is_limited_by_rlimit)
{
	struct rlimit limit, usual;
	struct outcome outcome;
	struct store store = {.root = -1};

	inbox_open(&store);
	ck_assert_uint_gt(store.system.largest, INT32_MAX);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &usual), 0);
	limit = (struct rlimit){1000, usual.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	close(store.staging);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &usual), 0);
	ck_assert_uint_eq(store.system.largest, 1000);
	inbox_close(&store);
}
END_TEST

/* SIGHUP makes the server call store_reenter. */
START_TEST(unknown_file_system_is_learned_on_reenter)
{
	struct outcome outcome;
	struct store store = {.root = -1};

	inbox_open(&store);
	store.system.known = 0;
	store.system.granularity = 0;
	ck_assert_int_eq(store_reenter(&store, &outcome), 0);
	ck_assert(store.system.known);
	ck_assert_uint_gt(store.system.granularity, 0);
	inbox_close(&store);
}
END_TEST

Suite *
store_suite(void)
{
	Suite *suite = suite_create("store");
	TCase *tcase = support_case("store");

	tcase_add_test(tcase, staging_directory_is_created_with_mode_0700);
	tcase_add_test(tcase, existing_staging_directory_is_used);
	tcase_add_test(tcase, missing_receiving_directory_is_reported);
	tcase_add_test(tcase, staging_directory_of_wrong_type_is_refused);
	tcase_add_test(tcase, staging_directory_of_wrong_mode_is_refused);
	tcase_add_test(tcase, staging_directory_of_other_owner_is_refused);
	tcase_add_test(
	    tcase, staging_directory_on_other_file_system_is_refused);
	tcase_add_test(tcase, unwritable_receiving_directory_is_refused);
	tcase_add_test(tcase, staging_directory_is_created_again_when_removed);
	tcase_add_test(tcase, removed_receiving_directory_is_refused);
	tcase_add_test(tcase, largest_file_is_limited_by_rlimit);
	tcase_add_test(tcase, unknown_file_system_is_learned_on_reenter);
	suite_add_tcase(suite, tcase);
	return suite;
}
