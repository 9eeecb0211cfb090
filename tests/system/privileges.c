/* SPDX-License-Identifier: ISC */
/* Started by root for another user, ftxd drops all privileges or fails. */
#define _DEFAULT_SOURCE /* for setgroups, which is not in POSIX */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/lab/filter.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static const struct passwd *nobody;

/*
 * If the user can be changed, give the receiving directory to nobody, and
 * return nonzero.  Otherwise skip the test and return 0.
 */
static int
can_change_user(void)
{
	const gid_t groups[] = {0, 1, 2, 3};

	nobody = getpwnam("nobody");
	if (geteuid() != 0 || nobody == NULL) {
		harness_skip("nobody", "changing the user needs root");
		return 0;
	}
	ck_assert_int_eq(setgroups(4, groups), 0);
	directory_make("in");
	ck_assert_int_eq(chown("in", nobody->pw_uid, nobody->pw_gid), 0);
	file_write("f", "x");
	return 1;
}

/* The real, effective, saved and file-access IDs must all be id. */
static void
check_ids(const struct server *server, const char *kind, unsigned long id)
{
	char wanted[PROCESS_TEXT];

	snprintf(wanted, sizeof(wanted), "%lu\t%lu\t%lu\t%lu", id, id, id, id);
	server_check_proc(server, "status", kind, wanted);
}

static void
check_no_capabilities(const struct server *server)
{
	static const char *const kinds[] = {
	    "CapInh:", "CapPrm:", "CapEff:", "CapAmb:"};

	for (int i = 0; i < 4; i++)
		server_check_proc(
		    server, "status", kinds[i], "0000000000000000");
}

/* The processes must have these IDs, these groups and no capabilities. */
static void
check_user(const char *user, uid_t uid, gid_t gid, const char *groups)
{
	struct server server;
	struct stat status;
	pid_t pids[SERVER_WORKERS];

	ck_assert_int_eq(chown("in", uid, gid), 0);
	SERVER_START(&server, "-w", "2", "-u", user);
	put_good(&server, "f", "d/f");
	ck_assert_int_eq(lstat("in/d/f", &status), 0);
	ck_assert_uint_eq(status.st_uid, uid);
	ck_assert_uint_eq(status.st_gid, gid);
	server_expect_workers(&server, pids, 2);
	check_ids(&server, "Uid:", uid);
	check_ids(&server, "Gid:", gid);
	server_check_proc(&server, "status", "Groups:", groups);
	check_no_capabilities(&server);
	server_stop(&server);
	ck_assert_int_eq(directory_remove("in/d"), 0);
}

START_TEST(server_has_only_rights_of_its_user)
{
	char groups[32];

	if (!can_change_user())
		return;
	snprintf(groups, sizeof(groups), "%lu ", (unsigned long)nobody->pw_gid);
	check_user("nobody", nobody->pw_uid, nobody->pw_gid, groups);
	check_user("nobody:7", nobody->pw_uid, 7, "7 ");
	/* A user without a name gets no other groups. */
	check_user("54321:7", 54321, 7, "7 ");
}
END_TEST

/* Runs in a child.  Returns how many calls regained a right of root. */
static int
count_regained_rights(void)
{
	const gid_t group = 0;

	return (setuid(0) == 0) + (seteuid(0) == 0) + (setreuid(0, 0) == 0) +
	    (setgid(0) == 0) + (setegid(0) == 0) + (setregid(0, 0) == 0) +
	    (setgroups(1, &group) == 0) + (initgroups("root", 0) == 0) +
	    (chown("f", 0, 0) == 0) + (access("secret", R_OK) == 0);
}

START_TEST(process_cannot_become_root_again)
{
	int status;
	pid_t pid;

	if (!can_change_user())
		return;
	file_write("secret", "x");
	ck_assert_int_eq(chmod("secret", 0600), 0);
	pid = fork();
	if (pid == 0 &&
	    os_become_user("nobody", nobody->pw_uid, nobody->pw_gid) != 0)
		_exit(100);
	if (pid == 0)
		_exit(count_regained_rights());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* The effective user is nobody, but the saved user is still root. */
START_TEST(change_of_user_fails_when_saved_ids_stay)
{
	int status;
	pid_t pid;

	if (!can_change_user())
		return;
	pid = fork();
	if (pid == 0 && setreuid(nobody->pw_uid, 0) == 0 &&
	    seteuid(nobody->pw_uid) == 0)
		_exit(
		    os_become_user("nobody", nobody->pw_uid, getgid()) == -1 &&
			    errno == EPERM
			? 0
			: 1);
	if (pid == 0)
		_exit(100);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static const struct {
	const long *calls;
	int error; /* 0: the call does nothing, and reports success */
} failures[] = {{filter_setgroups, EPERM}, {filter_setgid, EPERM},
    {filter_setuid, EPERM}, {filter_setuid, EAGAIN}, {filter_setgid, 0},
    {filter_setuid, 0}};

START_TEST(start_fails_when_the_user_stays_root)
{
	struct run run;

	if (!can_change_user())
		return;
	if (filter_refuse(failures[_i].calls, failures[_i].error) != 0) {
		harness_skip("filter", strerror(errno));
		return;
	}
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-u", "nobody");
	run_check(&run, 1, "cannot become user nobody");
	ck_assert_str_eq(run.out, "");
}
END_TEST

START_TEST(server_warns_when_it_runs_as_root)
{
	struct server server;

	if (!can_change_user())
		return;
	SERVER_START(&server, "-w", "1");
	server_expect(&server, "warning: running as root");
	server_stop(&server);
	ck_assert_int_eq(unlink("log"), 0);
	ck_assert_int_eq(directory_remove("in"), 0);
	directory_make("in");
	ck_assert_int_eq(chown("in", nobody->pw_uid, nobody->pw_gid), 0);
	SERVER_START(&server, "-w", "1", "-u", "nobody");
	server_stop(&server);
	ck_assert_int_eq(server_count_logged(&server, "running as root"), 0);
}
END_TEST

START_TEST(start_fails_when_the_user_cannot_write_the_directory)
{
	struct run run;

	if (!can_change_user())
		return;
	ck_assert_int_eq(chown("in", geteuid(), getegid()), 0);
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-u", "nobody");
	run_check(&run, 4, "/in: Permission denied");
}
END_TEST

Suite *
privileges_suite(void)
{
	Suite *suite = suite_create("privileges");
	TCase *tcase = harness_case("privileges");

	tcase_add_test(tcase, server_has_only_rights_of_its_user);
	tcase_add_test(tcase, server_warns_when_it_runs_as_root);
	tcase_add_test(
	    tcase, start_fails_when_the_user_cannot_write_the_directory);
	tcase_add_test(tcase, process_cannot_become_root_again);
	tcase_add_test(tcase, change_of_user_fails_when_saved_ids_stay);
	tcase_add_loop_test(tcase, start_fails_when_the_user_stays_root, 0,
	    sizeof(failures) / sizeof(failures[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
