/* SPDX-License-Identifier: ISC */
/* Trees: every form of source and target, and existing files in the way. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/trees.h"

static void
begin(void)
{
	server_begin();
	trees_make("src");
}

/* Put "src", spelled as source, to remote, twice.  It must arrive at path. */
static void
put_tree(const char *source, const char *remote, const char *path)
{
	struct run run;
	int count;

	RUN(&run, "ftx", "put", "-r", source, remote);
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	trees_check_equal("src", path);
	count = directory_count("in");
	RUN(&run, "ftx", "put", "-r", source, remote);
	run_check(&run, 0, NULL);
	trees_check_equal("src", path);
	ck_assert_int_eq(directory_count("in"), count);
}

START_TEST(tree_keeps_its_name)
{
	put_tree("src", "127.0.0.1:", "in/src");
	put_tree("src", "127.0.0.1:missing/dir", "in/missing/dir/src");
	put_tree("./src", "127.0.0.1:slash/", "in/slash/src");
	directory_make("in/there");
	put_tree("src", "127.0.0.1:there", "in/there/src");
}
END_TEST

START_TEST(contents_are_sent_when_the_source_ends_in_a_slash)
{
	put_tree("src/", "127.0.0.1:missing/dir", "in/missing/dir");
	put_tree("src//", "127.0.0.1:slash/", "in/slash");
	put_tree("src/.", "127.0.0.1:dot", "in/dot");
	put_tree("src/a/..", "127.0.0.1:dots", "in/dots");
	directory_make("in/there");
	put_tree("src/", "127.0.0.1:there", "in/there");
}
END_TEST

START_TEST(contents_may_go_into_the_receiving_directory)
{
	struct run run;

	RUN(&run, "ftx", "put", "-rp", "src/", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert(file_equal("src/a/2", "in/a/2"));
	ck_assert_int_eq(directory_count("in"), 3);
}
END_TEST

START_TEST(several_sources_go_into_one_directory)
{
	struct run run;

	directory_make("other");
	file_make("other/x", 10, 4);
	file_make("file", 10, 5);
	RUN(&run, "ftx", "put", "-r", "src", "other/", "file", "127.0.0.1:d");
	run_check(&run, 0, NULL);
	trees_check_equal("src", "in/d/src");
	ck_assert(file_equal("other/x", "in/d/x"));
	ck_assert(file_equal("file", "in/d/file"));
	ck_assert_int_eq(directory_count("in/d"), 3);
}
END_TEST

/* ftx sends nothing if two sources would get the same name. */
START_TEST(sources_are_refused_when_they_have_one_name)
{
	struct run run;

	directory_make("other");
	directory_make("other/src");
	file_make("other/src/x", 10, 4);
	RUN(&run, "ftx", "put", "-r", "src", "other/src", "127.0.0.1:d");
	run_check(&run, 1, "src and other/src would both become src");
	RUN(&run, "ftx", "put", "-r", "src", "src", "127.0.0.1:d");
	run_check(&run, 1, "would both become src");
	ck_assert_int_eq(directory_count("in"), 0);
	RUN(&run, "ftx", "put", "-r", "src", "other/src/", "127.0.0.1:d");
	run_check(&run, 0, NULL);
	trees_check_equal("src", "in/d/src");
	RUN(&run, "ftx", "put", "-r", "src/", "other/src/", "127.0.0.1:e");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("src/1", "in/e/1"));
	ck_assert(file_equal("other/src/x", "in/e/x"));
}
END_TEST

START_TEST(file_arrives_when_r_is_set)
{
	struct run run;

	RUN(&run, "ftx", "put", "-r", "src/1", "127.0.0.1:name");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("src/1", "in/name"));
}
END_TEST

START_TEST(directory_is_refused_without_r)
{
	struct run run;

	RUN(&run, "ftx", "put", "src", "127.0.0.1:x");
	run_check(&run, 3, "src: is a directory");
	RUN(&run, "ftx", "put", "src", "src/1", "127.0.0.1:x");
	run_check(&run, 23, "src: is a directory");
	ck_assert(file_equal("src/1", "in/x/1"));
}
END_TEST

START_TEST(directory_is_refused_when_a_file_has_its_name)
{
	struct run run;

	file_write("in/src", "a file");
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 5, "src -> 127.0.0.1:src: refused");
	ck_assert_uint_eq(file_size("in/src"), 6);
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:src");
	run_check(&run, 5, "refused");
	RUN(&run, "ftx", "put", "-r", "src/", "127.0.0.1:src");
	run_check(&run, 5, "src/ -> 127.0.0.1:src/: refused");
	RUN(&run, "ftx", "put", "-r", "src", "src/a", "127.0.0.1:src");
	run_check(&run, 5, "src/a -> 127.0.0.1:src/a: refused");
	ck_assert_uint_eq(file_size("in/src"), 6);
}
END_TEST

/* Existing files stay, unless a new one has the same name. */
START_TEST(directories_merge_when_one_exists)
{
	struct run run;

	directory_make("in/src");
	directory_make("in/src/a");
	file_write("in/src/a/older", "older");
	file_write("in/src/a/2", "older");
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("src/a/2", "in/src/a/2"));
	ck_assert_uint_eq(file_size("in/src/a/older"), 5);
	ck_assert_int_eq(directory_count("in"), 1);
}
END_TEST

/* ftx follows a link that is a source, with or without a slash. */
START_TEST(link_is_followed_when_it_is_a_source)
{
	ck_assert_int_eq(symlink("src", "link"), 0);
	put_tree("link", "127.0.0.1:d", "in/d/link");
	put_tree("link/", "127.0.0.1:e", "in/e");
}
END_TEST

START_TEST(file_is_refused_when_its_name_ends_in_a_slash)
{
	struct run run;

	RUN(&run, "ftx", "put", "src/1/", "127.0.0.1:x");
	run_check(&run, 3, "src/1/: Not a directory");
	RUN(&run, "ftx", "put", "-r", "src/1/", "127.0.0.1:x");
	run_check(&run, 3, "src/1/: Not a directory");
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

START_TEST(file_is_refused_when_a_directory_has_its_name)
{
	struct run run;

	directory_make("in/src");
	directory_make("in/src/1");
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 23, "src/1 -> 127.0.0.1:src/1: refused");
	ck_assert_int_eq(directory_count("in/src/1"), 0);
	ck_assert(file_equal("src/a/2", "in/src/a/2"));
}
END_TEST

/* A dash and a colon in the source and in the target. */
START_TEST(tree_may_have_a_dash_and_a_colon)
{
	struct run run;

	ck_assert_int_eq(rename("src", "-a:b"), 0);
	RUN(&run, "ftx", "put", "-r", "--", "-a:b", "127.0.0.1:");
	run_check(&run, 0, NULL);
	trees_check_equal("./-a:b", "in/-a:b");
	RUN(&run, "ftx", "put", "-r", "./-a:b", "127.0.0.1:-c:d");
	run_check(&run, 0, NULL);
	trees_check_equal("./-a:b", "in/-c:d/-a:b");
	RUN(&run, "ftx", "put", "-r", "--", "-a:b/", "127.0.0.1:-e/f:g");
	run_check(&run, 0, NULL);
	trees_check_equal("./-a:b", "in/-e/f:g");
	RUN(&run, "ftx", "put", "-r", "-a:b", "127.0.0.1:");
	run_check(&run, 1, NULL);
}
END_TEST

START_TEST(tree_may_have_odd_names)
{
	static const char *const odd[] = {
	    "-r", "a:b", "two\nlines", "*", "\xff", "~", " "};
	char path[64];
	struct run run;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		snprintf(path, sizeof(path), "src/%s", odd[i]);
		directory_make(path);
		snprintf(path, sizeof(path), "src/%s/%s", odd[i], odd[i]);
		file_make(path, i, (unsigned)i);
	}
	put_tree("src", "127.0.0.1:", "in/src");
	ck_assert_int_eq(rename("src/-r", "-r"), 0);
	RUN(&run, "ftx", "put", "-r", "-n", "--", "-r", "127.0.0.1:d");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "-r", "--", "-r", "127.0.0.1:d");
	run_check(&run, 0, NULL);
	trees_check_equal("./-r", "in/d/-r");
}
END_TEST

/* The server refuses only entries with reserved names. */
START_TEST(rest_is_stored_when_names_are_reserved)
{
	struct run run;

	directory_make("src/.ftx-x");
	file_write("src/.ftx-x/lost", "x");
	file_write("src/a/.ftx-file", "x");
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 23, "src/.ftx-x -> ");
	ck_assert_ptr_nonnull(strstr(run.err, "src/a/.ftx-file -> "));
	ck_assert_ptr_null(strstr(run.err, "lost"));
	ck_assert_int_eq(directory_remove("src/.ftx-x"), 0);
	ck_assert_int_eq(unlink("src/a/.ftx-file"), 0);
	trees_check_equal("src", "in/src");
}
END_TEST

Suite *
tree_place_suite(void)
{
	Suite *suite = suite_create("tree_place");
	TCase *tcase = tcase_create("tree_place");

	tcase_add_checked_fixture(tcase, begin, server_finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, tree_keeps_its_name);
	tcase_add_test(
	    tcase, contents_are_sent_when_the_source_ends_in_a_slash);
	tcase_add_test(tcase, contents_may_go_into_the_receiving_directory);
	tcase_add_test(tcase, several_sources_go_into_one_directory);
	tcase_add_test(tcase, sources_are_refused_when_they_have_one_name);
	tcase_add_test(tcase, file_arrives_when_r_is_set);
	tcase_add_test(tcase, directory_is_refused_without_r);
	tcase_add_test(tcase, directory_is_refused_when_a_file_has_its_name);
	tcase_add_test(tcase, directories_merge_when_one_exists);
	tcase_add_test(tcase, link_is_followed_when_it_is_a_source);
	tcase_add_test(tcase, file_is_refused_when_its_name_ends_in_a_slash);
	tcase_add_test(tcase, tree_may_have_a_dash_and_a_colon);
	tcase_add_test(tcase, file_is_refused_when_a_directory_has_its_name);
	tcase_add_test(tcase, tree_may_have_odd_names);
	tcase_add_test(tcase, rest_is_stored_when_names_are_reserved);
	suite_add_tcase(suite, tcase);
	return suite;
}
