/* SPDX-License-Identifier: ISC */
/* Walk through trees: entries, links, loops, depth, and changes. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/sources/tree.h"
#include "common/wire.h"
#include "tests/unit/support.h"

Suite *tree_suite(void);

#define EVENTS_SIZE 65536

static const char letters[] = {[TREE_FILE] = 'f',
    [TREE_ENTER] = '>',
    [TREE_LEAVE] = '<',
    [TREE_SKIPPED] = 's',
    [TREE_FAILED] = 'x'};

static struct setting_list exclude;
static struct tree tree;
static struct tree_entry entry;
/* A line for each event of the walk: its letter and its path. */
static char events[EVENTS_SIZE];

static void
begin(const char *root, int follow)
{
	struct stat found;
	int fd = open(root, O_RDONLY | O_DIRECTORY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &found), 0);
	ck_assert_int_eq(
	    tree_begin(&tree, root, fd, &found, follow, &exclude), 0);
	events[0] = '\0';
}

static enum tree_event
step(void)
{
	enum tree_event event = tree_next(&tree, &entry);
	size_t length = strlen(events);

	if (event == TREE_END)
		return event;
	snprintf(events + length, sizeof(events) - length, "%c %s\n",
	    letters[event], entry.path);
	if (event == TREE_FILE)
		close(entry.fd);
	return event;
}

static void
walk(const char *root, int follow)
{
	begin(root, follow);
	while (step() != TREE_END)
		continue;
	tree_end(&tree);
}

/* Returns how often events contains this line. */
static int
count_line(const char *line)
{
	int count = 0;

	for (const char *at = events; (at = strstr(at, line)) != NULL; at++)
		count += (at == events || at[-1] == '\n') &&
		    at[strlen(line)] == '\n';
	return count;
}

static int
count_lines(void)
{
	int count = 0;

	for (const char *at = events; *at != '\0'; at++)
		count += *at == '\n';
	return count;
}

START_TEST(walk_reports_each_entry_once)
{
	directory_make("t");
	directory_make("t/a");
	directory_make("t/a/empty");
	file_make("t/1", "1");
	file_make("t/a/2", "2");
	file_make("t/.hidden", "3");
	walk("t", 0);
	ck_assert_int_eq(count_lines(), 8);
	ck_assert_int_eq(count_line("f t/1"), 1);
	ck_assert_int_eq(count_line("f t/.hidden"), 1);
	ck_assert_int_eq(count_line("f t/a/2"), 1);
	ck_assert_int_eq(count_line("> t/a"), 1);
	ck_assert_int_eq(count_line("< t/a"), 1);
	ck_assert_int_eq(count_line("> t/a/empty"), 1);
	ck_assert_int_eq(count_line("< t/a/empty"), 1);
	ck_assert_int_eq(count_line("< t"), 1);
	ck_assert_ptr_nonnull(strstr(events, "> t/a/empty\n< t/a/empty\n"));
	ck_assert_str_eq(events + strlen(events) - 4, "< t\n");
}
END_TEST

START_TEST(root_is_walked_when_it_ends_in_a_slash)
{
	directory_make("t");
	file_make("t/1", "1");
	walk("t/", 0);
	ck_assert_str_eq(events, "f t/1\n< t/\n");
}
END_TEST

START_TEST(special_files_are_skipped)
{
	directory_make("t");
	file_make("t/file", "x");
	ck_assert_int_eq(symlink("file", "t/link"), 0);
	ck_assert_int_eq(symlink(".", "t/loop"), 0);
	ck_assert_int_eq(mkfifo("t/pipe", 0600), 0);
	walk("t", 0);
	ck_assert_int_eq(count_line("f t/file"), 1);
	ck_assert_int_eq(count_line("s t/link"), 1);
	ck_assert_int_eq(count_line("s t/loop"), 1);
	ck_assert_int_eq(count_line("s t/pipe"), 1);
	ck_assert_int_eq(count_lines(), 5);
}
END_TEST

START_TEST(links_are_followed_when_asked)
{
	directory_make("t");
	directory_make("t/d");
	directory_make("other");
	file_make("other/file", "x");
	ck_assert_int_eq(symlink("../other/file", "t/file"), 0);
	ck_assert_int_eq(symlink("../other", "t/there"), 0);
	ck_assert_int_eq(symlink("nowhere", "t/dangling"), 0);
	ck_assert_int_eq(symlink("..", "t/d/up"), 0);
	ck_assert_int_eq(symlink("self", "t/self"), 0);
	walk("t", 1);
	ck_assert_int_eq(count_line("f t/file"), 1);
	ck_assert_int_eq(count_line("> t/there"), 1);
	ck_assert_int_eq(count_line("f t/there/file"), 1);
	ck_assert_int_eq(count_line("x t/dangling"), 1);
	ck_assert_int_eq(count_line("s t/d/up"), 1);
	ck_assert_int_eq(count_line("x t/self"), 1);
	ck_assert_int_eq(count_lines(), 10);
}
END_TEST

START_TEST(excluded_entries_are_not_reported)
{
	char name[] = "*.o", path[] = "a/skip", directory[] = "cache";
	char *items[] = {name, path, directory};

	exclude = (struct setting_list){items, 3};
	directory_make("t");
	directory_make("t/a");
	directory_make("t/a/cache");
	file_make("t/a/cache/x", "");
	file_make("t/x.o", "");
	file_make("t/a/y.o", "");
	file_make("t/a/skip", "");
	file_make("t/skip", "");
	walk("t", 0);
	ck_assert_int_eq(count_line("f t/skip"), 1);
	ck_assert_int_eq(count_lines(), 4);
}
END_TEST

START_TEST(pruned_directory_is_skipped)
{
	directory_make("t");
	directory_make("t/d");
	file_make("t/d/x", "");
	begin("t", 0);
	ck_assert_int_eq(step(), TREE_ENTER);
	tree_prune(&tree);
	ck_assert_int_eq(step(), TREE_LEAVE);
	ck_assert_str_eq(entry.path, "t");
	ck_assert_int_eq(step(), TREE_END);
	tree_end(&tree);
}
END_TEST

/* Make "t" with depth nested "d".  Each parent has two files, too. */
static void
make_deep(int depth)
{
	int top = open(".", O_RDONLY | O_DIRECTORY);

	ck_assert_int_ge(top, 0);
	directory_make("t");
	ck_assert_int_eq(chdir("t"), 0);
	for (int i = 0; i < depth; i++) {
		file_make("a", "");
		directory_make("d");
		file_make("z", "");
		ck_assert_int_eq(chdir("d"), 0);
	}
	ck_assert_int_eq(fchdir(top), 0);
	close(top);
}

/* The tree is deeper than the number of directories kept open. */
START_TEST(deep_tree_needs_few_descriptors)
{
	const int depth = TREE_OPEN_MAX + 40;
	size_t most = 0, before = support_descriptors();
	int files = 0, entered = 0, left = 0;

	make_deep(depth);
	begin("t", 0);
	for (;;) {
		enum tree_event event = tree_next(&tree, &entry);

		if (event == TREE_END)
			break;
		ck_assert_int_ne(event, TREE_FAILED);
		files += event == TREE_FILE;
		entered += event == TREE_ENTER;
		left += event == TREE_LEAVE;
		if (event == TREE_FILE)
			close(entry.fd);
		if (support_descriptors() > most)
			most = support_descriptors();
	}
	tree_end(&tree);
	ck_assert_int_eq(files, 2 * depth);
	ck_assert_int_eq(entered, depth);
	ck_assert_int_eq(left, depth + 1);
	ck_assert_uint_le(most, before + TREE_OPEN_MAX + 4);
}
END_TEST

/* The deepest paths are longer than the protocol allows. */
START_TEST(entry_fails_when_its_path_is_too_long)
{
	int failed = 0, entered = 0;

	make_deep(WIRE_PATH_MAX / 2 + 10);
	begin("t", 0);
	for (;;) {
		enum tree_event event = tree_next(&tree, &entry);

		if (event == TREE_END)
			break;
		entered += event == TREE_ENTER;
		failed += event == TREE_FAILED;
		if (event == TREE_FILE)
			close(entry.fd);
	}
	tree_end(&tree);
	ck_assert_int_eq(entered, WIRE_PATH_MAX / 2);
	/* The deepest directory that was entered has three names. */
	ck_assert_int_eq(failed, 3);
	ck_assert_int_eq(system("rm -rf t"), 0);
}
END_TEST

/* A closed directory is replaced, so the walk cannot return to it. */
START_TEST(directory_fails_when_it_was_replaced)
{
	char path[4 * TREE_OPEN_MAX + 16] = "t", other[sizeof(path) + 8];
	int failed = 0;

	make_deep(TREE_OPEN_MAX + 4);
	for (size_t i = 0; i < TREE_OPEN_MAX + 1; i++)
		memcpy(path + 1 + 2 * i, "/d", sizeof("/d"));
	begin("t", 0);
	for (;;) {
		enum tree_event event = tree_next(&tree, &entry);

		if (event == TREE_END)
			break;
		ck_assert_ptr_null(strstr(entry.path, "wrong"));
		if (event == TREE_FILE)
			close(entry.fd);
		if (event == TREE_FAILED) {
			failed++;
			ck_assert_str_eq(entry.path, path);
		}
		if (event == TREE_ENTER &&
		    strlen(entry.path) == strlen(path) + 2) {
			snprintf(other, sizeof(other), "%s-old", path);
			ck_assert_int_eq(rename(path, other), 0);
			directory_make(path);
			snprintf(other, sizeof(other), "%s/wrong", path);
			file_make(other, "");
		}
	}
	tree_end(&tree);
	/* If the child was the last name in it, nothing fails. */
	ck_assert_int_le(failed, 1);
}
END_TEST

/* Files are created and removed during the walk. */
START_TEST(walk_continues_when_entries_change)
{
	directory_make("t");
	for (int i = 0; i < 3; i++) {
		char path[16];

		snprintf(path, sizeof(path), "t/%d", i);
		file_make(path, "");
	}
	begin("t", 0);
	ck_assert_int_eq(step(), TREE_FILE);
	for (int i = 0; i < 3; i++) {
		char path[16];

		snprintf(path, sizeof(path), "t/%d", i);
		if (strcmp(path, entry.path) == 0)
			continue;
		ck_assert_int_eq(unlink(path), 0);
		if (i == 1)
			ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	}
	while (step() != TREE_END)
		ck_assert_int_ne(entry.path[0], '/');
	tree_end(&tree);
	ck_assert_int_eq(count_line("< t"), 1);
	ck_assert_int_le(count_lines(), 4);
}
END_TEST

START_TEST(descriptors_are_closed_when_the_walk_ends_early)
{
	make_deep(TREE_OPEN_MAX + 10);
	begin("t", 0);
	for (int i = 0; i < TREE_OPEN_MAX + 5; i++)
		(void)step();
	tree_end(&tree);
}
END_TEST

static void
clear_patterns(void)
{
	exclude.count = 0;
}

Suite *
tree_suite(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = support_case("tree");

	tcase_add_checked_fixture(tcase, clear_patterns, NULL);
	tcase_add_test(tcase, walk_reports_each_entry_once);
	tcase_add_test(tcase, root_is_walked_when_it_ends_in_a_slash);
	tcase_add_test(tcase, special_files_are_skipped);
	tcase_add_test(tcase, links_are_followed_when_asked);
	tcase_add_test(tcase, excluded_entries_are_not_reported);
	tcase_add_test(tcase, pruned_directory_is_skipped);
	tcase_add_test(tcase, deep_tree_needs_few_descriptors);
	tcase_add_test(tcase, entry_fails_when_its_path_is_too_long);
	tcase_add_test(tcase, directory_fails_when_it_was_replaced);
	tcase_add_test(tcase, walk_continues_when_entries_change);
	tcase_add_test(tcase, descriptors_are_closed_when_the_walk_ends_early);
	suite_add_tcase(suite, tcase);
	return suite;
}
