/* SPDX-License-Identifier: ISC */
/* The rules for bases and paths, and what a destination may replace. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"
#include "server/store/destination.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

Suite *destination_suite(void);

static struct store store;
static struct directories directories;
static struct outcome outcome;

static void
setup(void)
{
	inbox_open(&store);
	directories_init(&directories, &store);
	directory_make("in/dir");
	directory_make("in/dir/sub");
	file_make("in/file", "x");
	ck_assert_int_eq(symlink("dir", "in/link"), 0);
	ck_assert_int_eq(symlink("nowhere", "in/dangling"), 0);
	ck_assert_int_eq(mkfifo("in/fifo", 0600), 0);
}

static void
teardown(void)
{
	directories_forget(&directories);
	inbox_close(&store);
}

/* Returns a path of length bytes, with components of 200 "d" and no NUL. */
static struct wire_bytes
long_path(size_t length)
{
	static char path[WIRE_PATH_MAX + 1];

	for (size_t i = 0; i < length; i++)
		path[i] = i % 201 == 200 && i < length - 1 ? '/' : 'd';
	return (struct wire_bytes){path, length};
}

static int
resolve_base(
    struct base *base, enum wire_base_mode mode, struct wire_bytes path)
{
	const struct wire_base wanted = {mode, path};

	return base_resolve(base, &wanted, &directories, &outcome);
}

START_TEST(base_is_resolved_against_existing_directories)
{
	static const struct {
		enum wire_base_mode mode;
		const char *path, *directory, *name;
	} cases[] = {
	    {WIRE_BASE_DIRECTORY, "", "", ""},
	    {WIRE_BASE_DIRECTORY, "dir", "dir", ""},
	    {WIRE_BASE_DIRECTORY, "new", "new", ""},
	    {WIRE_BASE_DIRECTORY, "new/er", "new/er", ""},
	    {WIRE_BASE_RESOLVE, "", "", ""},
	    {WIRE_BASE_RESOLVE, "dir", "dir", ""},
	    {WIRE_BASE_RESOLVE, "dir/", "dir", ""},
	    {WIRE_BASE_RESOLVE, "dir/sub", "dir/sub", ""},
	    {WIRE_BASE_RESOLVE, "dir/sub/", "dir/sub", ""},
	    {WIRE_BASE_RESOLVE, "dir/new", "dir", "new"},
	    {WIRE_BASE_RESOLVE, "new", "", "new"},
	    {WIRE_BASE_RESOLVE, "new/", "new", ""},
	    {WIRE_BASE_RESOLVE, "new/er", "new", "er"},
	    {WIRE_BASE_RESOLVE, "new/er/", "new/er", ""},
	    {WIRE_BASE_RESOLVE, "file", "", "file"},
	    {WIRE_BASE_RESOLVE, "fifo", "", "fifo"},
	    {WIRE_BASE_RESOLVE, "link", "", "link"},
	    {WIRE_BASE_RESOLVE, "...", "", "..."},
	    {WIRE_BASE_RESOLVE, "-n \n\xff", "", "-n \n\xff"},
	    {WIRE_BASE_RESOLVE, ".ftx", "", ".ftx"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = cases[i].path;
		struct base base;

		ck_assert_int_eq(resolve_base(&base, cases[i].mode,
				     (struct wire_bytes){path, strlen(path)}),
		    0);
		ck_assert_uint_eq(base.length, strlen(cases[i].directory));
		ck_assert_mem_eq(
		    base.directory, cases[i].directory, base.length);
		ck_assert_uint_eq(base.name_length, strlen(cases[i].name));
		ck_assert_mem_eq(base.name, cases[i].name, base.name_length);
	}
	ck_assert(!file_exists("in/new"));
}
END_TEST

START_TEST(base_is_refused_when_its_path_is_bad)
{
	static const struct {
		int mode; /* the base mode, 0 or 1; 2: both */
		const char *path;
		size_t length;
	} cases[] = {
	    {2, "/dir", 4},
	    {2, "dir//sub", 8},
	    {2, "dir//", 5},
	    {2, "//", 2},
	    {2, ".", 1},
	    {2, "./dir", 5},
	    {2, "..", 2},
	    {2, "../x", 4},
	    {2, "dir/..", 6},
	    {2, "dir/../..", 9},
	    {2, ".ftx-", 5},
	    {2, ".ftx-0/x", 8},
	    {2, "dir/.ftx-anything", 17},
	    {2, "d\0r", 3},
	    {0, "dir/", 4},
	    {0, "/", 1},
	    {1, "../", 3},
	    {1, ".ftx-0/", 7},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int mode = 0; mode <= 1; mode++) {
			const struct wire_bytes path = {
			    cases[i].path, cases[i].length};
			struct base base;

			if (cases[i].mode != 2 && cases[i].mode != mode)
				continue;
			ck_assert_msg(
			    resolve_base(
				&base, (enum wire_base_mode)mode, path) == -1,
			    "%s", cases[i].path);
			ck_assert_int_eq(outcome.status, STATUS_REFUSED);
			ck_assert_str_ne(outcome.text, "");
		}
}
END_TEST

START_TEST(base_is_refused_when_too_long)
{
	struct base base;

	for (size_t length = WIRE_PATH_MAX - 1; length <= WIRE_PATH_MAX;
	     length++) {
		ck_assert_int_eq(
		    resolve_base(&base, WIRE_BASE_DIRECTORY, long_path(length)),
		    0);
		ck_assert_uint_eq(base.length, length);
		ck_assert_int_eq(
		    resolve_base(&base, WIRE_BASE_RESOLVE, long_path(length)),
		    0);
		ck_assert_uint_eq(base.length + 1 + base.name_length, length);
	}
	for (int mode = 0; mode <= 1; mode++)
		ck_assert_int_eq(resolve_base(&base, (enum wire_base_mode)mode,
				     long_path(WIRE_PATH_MAX + 1)),
		    -1);
}
END_TEST

static int
open_path(struct destination *destination, const struct base *base,
    struct wire_bytes path, int create)
{
	errno = 0;
	if (destination_locate(destination, base, &path, &outcome) == -1)
		return -1;
	return destination_enter(destination, &directories, create, &outcome);
}

static struct wire_bytes
text(const char *path)
{
	return (struct wire_bytes){path, strlen(path)};
}

START_TEST(path_is_joined_to_the_base)
{
	static const struct {
		const char *base, *path, *whole, *name;
	} cases[] = {
	    {"", "file", "file", "file"},
	    {"", "dir/x", "dir/x", "x"},
	    {"dir", "x", "dir/x", "x"},
	    {"dir", "sub/x", "dir/sub/x", "x"},
	};
	struct destination destination;
	struct base base;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(resolve_base(&base, WIRE_BASE_DIRECTORY,
				     text(cases[i].base)),
		    0);
		ck_assert_int_eq(
		    open_path(&destination, &base, text(cases[i].path), 0), 0);
		ck_assert_uint_eq(destination.length, strlen(cases[i].whole));
		ck_assert_mem_eq(
		    destination.path, cases[i].whole, destination.length);
		ck_assert_str_eq(destination.name, cases[i].name);
		ck_assert_ptr_nonnull(destination.directory);
		destination_release(&destination);
	}
}
END_TEST

START_TEST(name_of_the_base_replaces_the_path)
{
	static const char *const paths[] = {"", "other", "a/b/c", "../escape"};
	struct destination destination;
	struct base base;

	ck_assert_int_eq(
	    resolve_base(&base, WIRE_BASE_RESOLVE, text("dir/new")), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_int_eq(
		    open_path(&destination, &base, text(paths[i]), 0), 0);
		ck_assert_uint_eq(destination.length, strlen("dir/new"));
		ck_assert_mem_eq(destination.path, "dir/new", 7);
		ck_assert_str_eq(destination.name, "new");
		destination_release(&destination);
	}
}
END_TEST

/* If a path is refused, the destination has it unchanged, for the log. */
static void
check_requested_path(
    const struct destination *destination, struct wire_bytes path)
{
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	ck_assert_uint_eq(destination->length, path.length);
	ck_assert_mem_eq(destination->path, path.bytes, path.length);
}

START_TEST(path_is_refused_when_bad)
{
	static const char *const paths[] = {"", "/x", "x/", "x//y", ".", "..",
	    "../x", "x/./y", "x/..", ".ftx-0/x", "sub/.ftx-x"};
	struct destination destination;
	struct base base;

	ck_assert_int_eq(
	    resolve_base(&base, WIRE_BASE_DIRECTORY, text("dir")), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_int_eq(
		    open_path(&destination, &base, text(paths[i]), 1), -1);
		ck_assert_int_eq(errno, 0);
		check_requested_path(&destination, text(paths[i]));
		destination_release(&destination);
	}
	ck_assert_uint_eq(directory_count("in/dir"), 1);
}
END_TEST

START_TEST(path_is_refused_when_too_long_with_its_base)
{
	/* The most bytes that fit after the base and its slash. */
	const size_t rest = WIRE_PATH_MAX - strlen("dir/");
	struct destination destination;
	struct base base;

	ck_assert_int_eq(
	    resolve_base(&base, WIRE_BASE_DIRECTORY, text("dir")), 0);
	for (size_t length = rest - 1; length <= rest + 1; length++) {
		int result =
		    open_path(&destination, &base, long_path(length), 0);

		ck_assert_int_eq(result, length <= rest ? 0 : -1);
		if (result == 0)
			ck_assert_uint_eq(destination.length, 4 + length);
		else
			check_requested_path(&destination, long_path(length));
		destination_release(&destination);
	}
	/* If the base is empty, no slash is added. */
	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_DIRECTORY, text("")), 0);
	ck_assert_int_eq(
	    open_path(&destination, &base, long_path(WIRE_PATH_MAX), 0), 0);
	destination_release(&destination);
}
END_TEST

START_TEST(name_is_refused_when_too_long)
{
	static char name[WIRE_COMPONENT_MAX + 1];
	const struct wire_bytes longest = {name, WIRE_COMPONENT_MAX};
	const struct wire_bytes longer = {name, WIRE_COMPONENT_MAX + 1};
	struct destination destination;
	struct base base;

	memset(name, 'n', sizeof(name));
	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_RESOLVE, longer), -1);
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_RESOLVE, longest), 0);
	ck_assert_uint_eq(base.name_length, WIRE_COMPONENT_MAX);
	ck_assert_int_eq(open_path(&destination, &base, text("x"), 1), 0);
	ck_assert_uint_eq(strlen(destination.name), WIRE_COMPONENT_MAX);
	destination_release(&destination);
	ck_assert_int_eq(
	    resolve_base(&base, WIRE_BASE_DIRECTORY, text("dir")), 0);
	ck_assert_int_eq(open_path(&destination, &base, longest, 1), 0);
	ck_assert_uint_eq(strlen(destination.name), WIRE_COMPONENT_MAX);
	destination_release(&destination);
	ck_assert_int_eq(open_path(&destination, &base, longer, 1), -1);
	destination_release(&destination);
}
END_TEST

START_TEST(parents_are_made_only_when_asked_for)
{
	struct stat found;
	struct destination destination;
	struct base base;

	ck_assert_int_eq(
	    resolve_base(&base, WIRE_BASE_DIRECTORY, text("new")), 0);
	ck_assert_int_eq(open_path(&destination, &base, text("a/x"), 0), 0);
	ck_assert_ptr_null(destination.directory);
	ck_assert_int_eq(destination_look(&destination, &found, &outcome), 0);
	ck_assert_uint_eq(found.st_mode, 0);
	destination_release(&destination);
	ck_assert(!file_exists("in/new"));
	ck_assert_int_eq(open_path(&destination, &base, text("a/x"), 1), 0);
	ck_assert_ptr_nonnull(destination.directory);
	destination_release(&destination);
	ck_assert_uint_eq(directory_count("in/new/a"), 0);
}
END_TEST

START_TEST(path_is_refused_when_a_parent_is_no_directory)
{
	static const char *const paths[] = {
	    "file/x", "link/x", "dangling/x", "fifo/x"};
	struct destination destination;
	struct base base;

	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_DIRECTORY, text("")), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		for (int create = 0; create <= 1; create++) {
			ck_assert_int_eq(open_path(&destination, &base,
					     text(paths[i]), create),
			    -1);
			ck_assert_int_ne(errno, 0);
			ck_assert_int_eq(outcome.status, STATUS_REFUSED);
			ck_assert_uint_eq(destination.length, strlen(paths[i]));
			destination_release(&destination);
		}
}
END_TEST

START_TEST(target_is_refused_when_it_is_no_file_or_link)
{
	static const struct {
		const char *path;
		int result;
		mode_t kind;
	} cases[] = {
	    {"nothing", 0, 0},
	    {"file", 0, S_IFREG},
	    {"link", 0, S_IFLNK},
	    {"dangling", 0, S_IFLNK},
	    {"dir", -1, S_IFDIR},
	    {"fifo", -1, S_IFIFO},
	};
	struct destination destination;
	struct stat found;
	struct base base;

	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_DIRECTORY, text("")), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(
		    open_path(&destination, &base, text(cases[i].path), 0), 0);
		ck_assert_int_eq(
		    destination_look(&destination, &found, &outcome),
		    cases[i].result);
		ck_assert_uint_eq(found.st_mode & S_IFMT, cases[i].kind);
		if (cases[i].result == -1)
			ck_assert_int_eq(outcome.status, STATUS_REFUSED);
		destination_release(&destination);
	}
}
END_TEST

/* Returns 0 if a file may be published at path, or -1 with outcome. */
static int
may_publish(const char *path)
{
	struct destination destination;
	struct stat found;
	struct base base;
	int result;

	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_DIRECTORY, text("")), 0);
	ck_assert_int_eq(open_path(&destination, &base, text(path), 0), 0);
	ck_assert_int_eq(destination_look(&destination, &found, &outcome), 0);
	result = destination_may_publish(&destination, &found, &outcome);
	destination_release(&destination);
	if (result == -1)
		ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	return result;
}

START_TEST(target_is_kept_when_sticky_and_owned_by_another)
{
	const uid_t nobody = 65534;

	if (geteuid() != 0) {
		support_skip("nobody", "changing the owner needs root");
		return;
	}
	file_make("in/dir/theirs", "x");
	file_make("in/dir/own", "x");
	ck_assert_int_eq(chown("in/dir/own", nobody, (gid_t)-1), 0);
	ck_assert_int_eq(chmod("in/dir", 01777), 0);
	ck_assert_int_eq(may_publish("dir/theirs"), 0);
	directories_forget(&directories);
	inbox_become_nobody(&store);
	ck_assert_int_eq(may_publish("dir/theirs"), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "sticky"));
	ck_assert_int_eq(may_publish("dir/own"), 0);
	ck_assert_int_eq(may_publish("dir/new"), 0);
	inbox_restore_user();
	directories_forget(&directories);
	ck_assert_int_eq(chown("in/dir", nobody, (gid_t)-1), 0);
	inbox_become_nobody(&store);
	ck_assert_int_eq(may_publish("dir/theirs"), 0);
	inbox_restore_user();
}
END_TEST

/* tests/system/hopeless.c tests marks that a real file system reports. */
START_TEST(target_is_kept_when_immutable_or_mounted_on)
{
	struct destination destination;
	struct stat found;
	struct base base;

	ck_assert_int_eq(resolve_base(&base, WIRE_BASE_DIRECTORY, text("")), 0);
	ck_assert_int_eq(open_path(&destination, &base, text("dir/f"), 0), 0);
	found.st_mode = 0;
	destination.marks = OS_MARK_MOUNT | OS_MARK_IMMUTABLE;
	destination.directory->immutable = 1;
	ck_assert_int_eq(
	    destination_may_publish(&destination, &found, &outcome), 0);
	found.st_mode = S_IFREG;
	for (unsigned marks = 0; marks <= 3; marks++)
		for (int kept = 0; kept <= 1; kept++) {
			destination.marks = marks;
			destination.directory->immutable = kept;
			ck_assert_int_eq(destination_may_publish(
					     &destination, &found, &outcome),
			    marks == 0 && kept == 0 ? 0 : -1);
		}
	destination_release(&destination);
}
END_TEST

Suite *
destination_suite(void)
{
	Suite *suite = suite_create("destination");
	TCase *tcase = support_case("destination");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, base_is_resolved_against_existing_directories);
	tcase_add_test(tcase, base_is_refused_when_its_path_is_bad);
	tcase_add_test(tcase, base_is_refused_when_too_long);
	tcase_add_test(tcase, path_is_joined_to_the_base);
	tcase_add_test(tcase, name_of_the_base_replaces_the_path);
	tcase_add_test(tcase, path_is_refused_when_bad);
	tcase_add_test(tcase, path_is_refused_when_too_long_with_its_base);
	tcase_add_test(tcase, name_is_refused_when_too_long);
	tcase_add_test(tcase, parents_are_made_only_when_asked_for);
	tcase_add_test(tcase, path_is_refused_when_a_parent_is_no_directory);
	tcase_add_test(tcase, target_is_refused_when_it_is_no_file_or_link);
	tcase_add_test(tcase, target_is_kept_when_sticky_and_owned_by_another);
	tcase_add_test(tcase, target_is_kept_when_immutable_or_mounted_on);
	suite_add_tcase(suite, tcase);
	return suite;
}
