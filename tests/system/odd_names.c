/* SPDX-License-Identifier: ISC */
/* File systems that fold names, or cannot rename without replacing. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/lab/odd_disk.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define COMPOSED "caf\xc3\xa9"
#define DECOMPOSED "cafe\xcc\x81"

/* ftx asks for a file of this size before it sends it. */
#define LARGE (1 << 20)

static struct server server;
static struct odd_disk disk;

/* Returns nonzero if "in" is such a disk, zero if the test was skipped. */
static int
begin(unsigned traits)
{
	disk = (struct odd_disk){.traits = traits, ODD_ANY_TIME};
	if (odd_disk_begin(&disk, "in") != 0) {
		harness_skip("fuse", "needs root and /dev/fuse");
		return 0;
	}
	file_write("one", "one");
	file_write("two", "other");
	return 1;
}

/* Returns nonzero if ftxd uses Linux calls, zero if the test was skipped. */
static int
is_for_linux(void)
{
#ifdef OS_LINUX
	return 1;
#else
	harness_skip("linux-names", "only Linux folds or gives names so");
	return 0;
#endif
}

static void
end(void)
{
	server_stop(&server);
	odd_disk_end(&disk);
}

/* Put source as target with this option; check the status and the message. */
static void
put(const char *option, const char *source, const char *target, int status,
    const char *text)
{
	char where[128];
	struct run run;

	snprintf(where, sizeof(where), "127.0.0.1:%s", target);
	RUN(&run, "ftx", "put", option, source, where);
	run_check(&run, status, text);
}

/* The target must be refused when it is put, tried with -n, or asked for. */
static void
expect_refused(const char *target, const char *text)
{
	file_make("large", LARGE, 1);
	put("-v", "two", target, 5, text);
	put("-n", "two", target, 5, text);
	put("-v", "large", target, 5, text);
}

static void
expect_one(const char *path)
{
	char *text = file_read(path);

	ck_assert_str_eq(text, "one");
	free(text);
}

START_TEST(other_spelling_is_refused_when_names_fold)
{
	if (!begin(ODD_FOLDS))
		return;
	SERVER_START(&server, "-w", "2", "-C", "2");
	put_good(&server, "one", "Report.TXT");
	expect_refused("report.txt", "exists here as Report.TXT");
	put_good(&server, "one", COMPOSED);
	expect_refused(DECOMPOSED, "exists here as caf\xc3\xa9");
	put_good(&server, "one", "Dir/Sub/x");
	expect_refused("dir/y", "dir: exists here as Dir");
	expect_refused("Dir/sUB/y", "sUB: exists here as Sub");
	expect_refused("dir", "exists here as Dir");
	ck_assert_int_eq(directory_count("in"), 3);
	ck_assert_int_eq(directory_count("in/Dir"), 1);
	ck_assert_int_eq(directory_count("in/Dir/Sub"), 1);
	expect_one("in/Report.TXT");
	/* The same spelling is still replaced. */
	put_good(&server, "two", "Report.TXT");
	put_good(&server, "two", COMPOSED);
	put_good(&server, "two", "Dir/Sub/x");
	end();
}
END_TEST

/* The log escapes the existing name, too. */
START_TEST(spelling_is_escaped_in_the_log)
{
	if (!begin(ODD_FOLDS))
		return;
	SERVER_START(&server, "-w", "1");
	put_good(&server, "one", "A\nB");
	put("-v", "two", "a\nb", 5, "exists here as");
	server_expect(&server, "exists here as A\\x0aB");
	end();
}
END_TEST

/* Neither name existed when the server accepted the other. */
START_TEST(second_spelling_fails_when_both_come_in_one_group)
{
	struct run run;
	char *text;

	if (!begin(ODD_FOLDS))
		return;
	SERVER_START(&server, "-w", "1");
	directory_make("src");
	file_write("src/Report.TXT", "one");
	file_write("src/report.txt", "two");
	RUN(&run, "ftx", "put", "-r", "-o", "remove-source", "src/",
	    "127.0.0.1:d");
	run_check(&run, 23, "exists here as");
	ck_assert_int_eq(directory_count("in/d"), 1);
	ck_assert_int_eq(directory_count("src"), 1);
	text = file_read(file_exists("src/report.txt") ? "in/d/Report.TXT"
						       : "in/d/report.txt");
	ck_assert_str_eq(text, file_exists("src/report.txt") ? "one" : "two");
	free(text);
	end();
}
END_TEST

#define PAIRS 60

/* The server must store one file of a pair; the source of the other stays. */
static void
check_pair(int i)
{
	char lower[32], upper[32], path[64];
	int left;

	snprintf(lower, sizeof(lower), "a%d", i);
	snprintf(upper, sizeof(upper), "A%d", i);
	snprintf(path, sizeof(path), "src/%s", lower);
	left = file_exists(path);
	snprintf(path, sizeof(path), "src/%s", upper);
	ck_assert_int_eq(left + file_exists(path), 1);
	snprintf(path, sizeof(path), "in/d/%s", left ? upper : lower);
	ck_assert_uint_eq(file_size(path), left ? 2 : 1);
}

START_TEST(one_spelling_wins_when_both_come_on_two_streams)
{
	struct run run;
	char path[32];

	if (!begin(ODD_FOLDS))
		return;
	SERVER_START(&server, "-w", "4", "-C", "4");
	directory_make("src");
	for (int i = 0; i < PAIRS; i++) {
		snprintf(path, sizeof(path), "src/a%d", i);
		file_write(path, "1");
		snprintf(path, sizeof(path), "src/A%d", i);
		file_write(path, "22");
	}
	RUN(&run, "ftx", "put", "-q", "-r", "-j", "4", "-o", "remove-source",
	    "src/", "127.0.0.1:d");
	ck_assert_int_eq(run.status, 23);
	ck_assert_int_eq(directory_count("in/d"), PAIRS);
	for (int i = 0; i < PAIRS; i++)
		check_pair(i);
	end();
}
END_TEST

static void
make_folding(const char *path)
{
	int fd;

	directory_make(path);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(os_set_casefold(fd), 0);
	close(fd);
}

/* Like ext4 with the casefold feature: new directories inherit it. */
START_TEST(spelling_is_refused_only_in_directories_that_fold)
{
	if (!is_for_linux() || !begin(ODD_FOLDS_IN_PLACES))
		return;
	make_folding("in/folds");
	SERVER_START(&server, "-w", "2", "-C", "2");
	put_good(&server, "one", "name");
	put_good(&server, "two", "NAME");
	put_good(&server, "one", "folds/name");
	expect_refused("folds/NAME", "exists here as name");
	put_good(&server, "one", "folds/below/name");
	expect_refused("folds/below/NAME", "exists here as name");
	expect_refused("folds/BELOW/name", "exists here as below");
	ck_assert_int_eq(directory_count("in"), 3);
	end();
}
END_TEST

/* ftxd must find each existing name in the listing. */
START_TEST(tree_can_be_put_again_when_names_fold)
{
	struct run run;
	char path[32];

	if (!begin(ODD_FOLDS))
		return;
	SERVER_START(&server, "-w", "1");
	directory_make("src");
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "src/File%d", i);
		file_write(path, "x");
	}
	for (int i = 0; i < 2; i++) {
		RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
		run_check(&run, 0, NULL);
	}
	ck_assert_int_eq(server_count_logged(&server, "stored"), 402);
	end();
}
END_TEST

START_TEST(no_clobber_renames_when_links_are_missing)
{
	if (!is_for_linux() || !begin(0))
		return;
	SERVER_START(&server, "-w", "1");
	put("-ono-clobber", "one", "f", 0, NULL);
	put("-ono-clobber", "two", "f", 25, "exists");
	expect_one("in/f");
	server_stop(&server);
	SERVER_START(&server, "-w", "1", "-o", "overwrite=never");
	put("-v", "two", "f", 25, "exists");
	put("-v", "one", "g", 0, NULL);
	expect_one("in/f");
	expect_one("in/g");
	end();
}
END_TEST

#define NO_NEW "cannot give a name without replacing"

/* The refusal comes before the data, also with -n. */
START_TEST(no_clobber_is_refused_when_the_file_system_cannot_keep_it)
{
	if (!begin(ODD_NO_NEW_NAMES))
		return;
	file_make("large", LARGE, 1);
	SERVER_START(&server, "-w", "1");
	put("-ono-clobber", "one", "f", 5, NO_NEW);
	put("-ono-clobber", "large", "f", 5, NO_NEW);
	put("-nono-clobber", "one", "f", 5, NO_NEW);
	put("-v", "one", "f", 0, NULL);
	put("-ono-clobber", "two", "f", 25, "exists");
	server_stop(&server);
	SERVER_START(&server, "-w", "1", "-o", "overwrite=never");
	expect_refused("g", NO_NEW);
	put("-v", "two", "f", 25, "exists");
	expect_one("in/f");
	ck_assert_int_eq(directory_count("in"), 1);
	end();
}
END_TEST

Suite *
odd_names_suite(void)
{
	Suite *suite = suite_create("odd_names");
	TCase *tcase = harness_case("odd_names");

	tcase_add_test(tcase, other_spelling_is_refused_when_names_fold);
	tcase_add_test(tcase, spelling_is_escaped_in_the_log);
	tcase_add_test(
	    tcase, second_spelling_fails_when_both_come_in_one_group);
	tcase_add_test(tcase, one_spelling_wins_when_both_come_on_two_streams);
	tcase_add_test(
	    tcase, spelling_is_refused_only_in_directories_that_fold);
	tcase_add_test(tcase, tree_can_be_put_again_when_names_fold);
	tcase_add_test(tcase, no_clobber_renames_when_links_are_missing);
	tcase_add_test(
	    tcase, no_clobber_is_refused_when_the_file_system_cannot_keep_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
