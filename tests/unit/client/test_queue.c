/* SPDX-License-Identifier: ISC */
/* The paths of sources on the server; open sources again. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/sources/queue.h"
#include "tests/unit/support.h"

Suite *queue_suite(void);

static struct options options;
static struct queue queue;
static struct queue_item item;

static void
begin(const char *path, int recursive)
{
	static char named[64];
	static char *paths[1] = {named};

	snprintf(named, sizeof(named), "%s", path);
	queue_init(&queue, paths, 1, &options, recursive);
}

/* Expect this path of the source on the server. */
static void
check_target_path(const char *name)
{
	struct wire_bytes found = source_target_path(&item.source);

	ck_assert_msg(found.length == strlen(name) &&
		memcmp(found.bytes, name, found.length) == 0,
	    "%s has the path %.*s", item.source.path, (int)found.length,
	    found.bytes);
}

static const struct {
	const char *path, *directory, *file;
} names[] = {
    {"t/d", "d", "d/f"},
    {"./t/d", "d", "d/f"},
    {"t/d/", "", "f"},
    {"t/d//", "", "f"},
    {"t/d/.", "", "f"},
    {"t/d/e/..", "", "f"},
};

START_TEST(tree_gets_its_names_as_in_rsync)
{
	int files = 0;

	directory_make("t");
	directory_make("t/d");
	directory_make("t/d/e");
	file_make("t/d/f", "x");
	begin(names[_i].path, 1);
	ck_assert_int_eq(queue_next(&queue, &item), QUEUE_ENTER);
	check_target_path(names[_i].directory);
	for (;;) {
		enum queue_event event = queue_next(&queue, &item);

		if (event == QUEUE_END)
			break;
		if (event != QUEUE_FILE)
			continue;
		check_target_path(names[_i].file);
		close(item.fd);
		files++;
	}
	ck_assert_int_eq(files, 1);
	ck_assert(queue.ended);
}
END_TEST

START_TEST(file_keeps_its_name)
{
	directory_make("t");
	file_make("t/f", "x");
	begin("t/f", 1);
	ck_assert_int_eq(queue_next(&queue, &item), QUEUE_FILE);
	check_target_path("f");
	close(item.fd);
	ck_assert_int_eq(queue_next(&queue, &item), QUEUE_END);
}
END_TEST

START_TEST(directory_fails_without_recursive)
{
	directory_make("t");
	begin("t", 0);
	ck_assert_int_eq(queue_next(&queue, &item), QUEUE_FAILED);
	ck_assert_str_eq(item.outcome.text, "is a directory (-r sends it)");
	ck_assert_int_eq(queue_next(&queue, &item), QUEUE_END);
}
END_TEST

START_TEST(unsent_sources_are_returned_when_the_run_ends)
{
	struct source source;
	int begun;

	directory_make("t");
	file_make("t/f", "x");
	begin("t", 1);
	ck_assert_uint_eq(queue_count_unsent(&queue), 1);
	ck_assert_int_eq(queue_next(&queue, &item), QUEUE_ENTER);
	ck_assert_uint_eq(queue_count_unsent(&queue), 1);
	ck_assert(queue_next_unsent(&queue, &source, &begun));
	ck_assert_str_eq(source.path, "t");
	ck_assert_int_eq(begun, 1);
	ck_assert(!queue_next_unsent(&queue, &source, &begun));
	ck_assert_uint_eq(queue_count_unsent(&queue), 0);
}
END_TEST

/* Open t/a/f again; the user named "t". */
static enum source_kind
open_again(int follow)
{
	char path[] = "t/a/f";
	const struct source source = {path, 1, 0};
	struct stat found;
	int fd;
	enum source_kind kind =
	    source_open(&source, follow, &fd, &found, &item.outcome);

	if (kind == SOURCE_FILE || kind == SOURCE_DIRECTORY)
		close(fd);
	ck_assert_str_eq(path, "t/a/f");
	return kind;
}

START_TEST(link_is_not_followed_when_a_source_is_opened_again)
{
	directory_make("t");
	directory_make("t/a");
	directory_make("b");
	file_make("t/a/f", "x");
	file_make("b/f", "y");
	ck_assert_int_eq(open_again(0), SOURCE_FILE);
	ck_assert_int_eq(rename("t/a", "t/away"), 0);
	ck_assert_int_eq(open_again(0), SOURCE_FAILED);
	ck_assert_int_eq(symlink("../b", "t/a"), 0);
	ck_assert_int_eq(open_again(0), SOURCE_FAILED);
	ck_assert_int_eq(open_again(1), SOURCE_FILE);
	ck_assert_int_eq(unlink("t/a"), 0);
	directory_make("t/a");
	ck_assert_int_eq(symlink("../../b/f", "t/a/f"), 0);
	ck_assert_int_eq(open_again(0), SOURCE_SKIPPED);
	ck_assert_int_eq(open_again(1), SOURCE_FILE);
	/* "t", which the user named, may be a link itself. */
	ck_assert_int_eq(rename("t", "real"), 0);
	ck_assert_int_eq(symlink("real", "t"), 0);
	ck_assert_int_eq(open_again(0), SOURCE_SKIPPED);
}
END_TEST

Suite *
queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = support_case("queue");

	tcase_add_loop_test(tcase, tree_gets_its_names_as_in_rsync, 0,
	    (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_test(tcase, file_keeps_its_name);
	tcase_add_test(tcase, directory_fails_without_recursive);
	tcase_add_test(tcase, unsent_sources_are_returned_when_the_run_ends);
	tcase_add_test(
	    tcase, link_is_not_followed_when_a_source_is_opened_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
