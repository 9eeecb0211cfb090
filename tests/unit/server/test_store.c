/* SPDX-License-Identifier: ISC */
/* The receiving directory and its staging folder: whose, and swept of what. */
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/io.h"
#include "tests/unit/server/inbox.h"

#define NOBODY 65534
#define MANY 200

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

/* What stands in the place of the staging folder must be refused. */
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
	folder_make("in");
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

	folder_make("in");
	folder_make(inbox_staging());
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(inbox_staging(), modes[i]), 0);
		expect_refused();
	}
}
END_TEST

START_TEST(staging_directory_of_other_owner_is_refused)
{
	folder_make("in");
	ck_assert_int_eq(mkdir(inbox_staging(), 0700), 0);
	if (chown(inbox_staging(), geteuid() + 1, (gid_t)-1) == -1)
		support_skip("nobody", "owners cannot be changed here");
	else
		expect_refused();
}
END_TEST

START_TEST(staging_directory_on_other_file_system_is_refused)
{
	folder_make("in");
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

	/* Even if its staging folder is there already. */
	folder_make("in");
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
	ck_assert_uint_eq(folder_count(inbox_staging()), MANY);
	for (size_t i = 0; i < MANY; i++)
		staging_discard(&store, &staged[i]);
	inbox_close(&store);
}
END_TEST

/* A staged file's name is that of its maker, millisecond and number. */
struct guess {
	unsigned long pid, serial;
	unsigned long long now;
};

/* So many numbers of so many milliseconds, that begin so late. */
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

/* The name that is so far away. */
static const char *
guess_name(const struct guess *last, unsigned away)
{
	static char path[3 * STAGING_NAME];

	snprintf(path, sizeof(path), "%s/%lx-%llx-%lx", inbox_staging(),
	    last->pid, last->now + away / GUESSED,
	    last->serial + 1 + away % GUESSED);
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
	folder_make(inbox_staging());
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

START_TEST(removed_receiving_directory_is_refused)
{
	struct store store = {.root = -1, .staging = -1};
	struct outcome outcome;

	ck_assert_int_eq(store_enter(&store, &outcome), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "the receiving directory"));
	folder_make("in");
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

/* What could not be learned at the start is tried again with each SIGHUP. */
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
	tcase_add_test(tcase, created_files_have_mode_0600_and_different_names);
	tcase_add_test(tcase, existing_name_is_skipped_when_guessed);
	tcase_add_test(tcase, names_end_in_the_host_when_locks_are_not_shared);
	tcase_add_test(tcase, staging_directory_is_created_again_when_removed);
	tcase_add_test(tcase, discard_keeps_errno);
	tcase_add_test(tcase, removed_receiving_directory_is_refused);
	tcase_add_test(tcase, largest_file_is_limited_by_rlimit);
	tcase_add_test(tcase, unknown_file_system_is_learned_on_reenter);
	suite_add_tcase(suite, tcase);
	return suite;
}
