/* SPDX-License-Identifier: ISC */
/* The receiving directory: created if -d is not given, and printed. */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static struct server server;

static void
begin(void)
{
	harness_begin();
	file_make("f", 5000, 1);
}

/* Start under this umask, and without the harness's -d. */
static void
start(const char *mask, const char *const arguments[])
{
	static const char script[] = "umask $0; program=$1; shift 5; "
				     "exec \"$program\" -p 0 -w 1 \"$@\"";

	server_start_by(&server,
	    (const char *const[]){"sh", "-c", script, mask, NULL}, arguments);
	snprintf(server.root, sizeof(server.root), "incoming");
}

#define START(mask, ...) start(mask, (const char *const[]){__VA_ARGS__, NULL})

/* The listening line must name this path below the working directory. */
static void
check_line(const char *below)
{
	char here[HARNESS_PATH / 2], wanted[HARNESS_PATH];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(wanted, sizeof(wanted), "receiving into %s%s, ", here, below);
	ck_assert_msg(strstr(server.line, wanted) != NULL, "%s", server.line);
}

/* Even in the home directory, ftxd receives into ./incoming. */
START_TEST(incoming_is_made_and_named_when_no_directory_is_given)
{
	char here[HARNESS_PATH / 2];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(setenv("HOME", here, 1), 0);
	START("022", "-q");
	check_line("/incoming");
	ck_assert_uint_eq(file_mode("incoming"), 0755);
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

START_TEST(incoming_is_left_as_it_is_when_it_exists)
{
	directory_make("elsewhere");
	ck_assert_int_eq(chmod("elsewhere", 0730), 0);
	ck_assert_int_eq(symlink("elsewhere", "incoming"), 0);
	START("022", "-q");
	check_line("/incoming");
	put_good(&server, "f", "f");
	ck_assert(file_equal("f", "elsewhere/f"));
	ck_assert_uint_eq(file_mode("elsewhere"), 0730);
	server_stop(&server);
}
END_TEST

static const struct {
	const char *mask;
	mode_t mode;
} masks[] = {{"0", 0755}, {"002", 0755}, {"027", 0750}, {"077", 0700}};

START_TEST(incoming_is_never_writable_for_others)
{
	START(masks[_i].mask, "-q");
	ck_assert_uint_eq(file_mode("incoming"), masks[_i].mode);
	server_stop(&server);
}
END_TEST

/* ftxd changes to a user that may not write to the working directory. */
START_TEST(incoming_belongs_to_the_user_when_started_by_root)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct stat found;

	if (geteuid() != 0 || nobody == NULL) {
		harness_skip("nobody", "changing the user needs root");
		return;
	}
	START("077", "-u", "nobody");
	ck_assert_int_eq(stat("incoming", &found), 0);
	ck_assert_uint_eq(found.st_uid, nobody->pw_uid);
	ck_assert_uint_eq(found.st_gid, nobody->pw_gid);
	put_good(&server, "f", "d/f");
	server_stop(&server);
}
END_TEST

START_TEST(no_directory_is_made_when_one_is_given)
{
	struct run run;

	RUN(&run, "ftxd", "-p", "0", "-d", "missing");
	run_check(&run, 4, "missing: No such file or directory");
	RUN(&run, "ftxd", "-T");
	run_check(&run, 0, NULL);
	ck_assert(!file_exists("missing") && !file_exists("incoming"));
	file_write("incoming", "not a directory");
	RUN(&run, "ftxd", "-p", "0");
	run_check(&run, 4, "incoming: Not a directory");
	START("022", "-d", ".");
	check_line("");
	snprintf(server.root, sizeof(server.root), ".");
	put_good(&server, "f", "g");
	server_stop(&server);
}
END_TEST

Suite *
place_suite(void)
{
	Suite *suite = suite_create("place");
	TCase *tcase = tcase_create("place");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(
	    tcase, incoming_is_made_and_named_when_no_directory_is_given);
	tcase_add_test(tcase, incoming_is_left_as_it_is_when_it_exists);
	tcase_add_loop_test(tcase, incoming_is_never_writable_for_others, 0,
	    sizeof(masks) / sizeof(masks[0]));
	tcase_add_test(
	    tcase, incoming_belongs_to_the_user_when_started_by_root);
	tcase_add_test(tcase, no_directory_is_made_when_one_is_given);
	suite_add_tcase(suite, tcase);
	return suite;
}
