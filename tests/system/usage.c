/* SPDX-License-Identifier: ISC */
/* Command lines and settings: printed, or refused at the start. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

START_TEST(settings_are_printed_with_T)
{
	struct run first, second;

	directory_make("in");
	RUN(&first, "ftxd", "-T", "-w", "3", "-d", "in", "-o", "max-size=5M",
	    "-o", "allow=10.0.0.0/8", "-o", "allow=192.0.2.1:1-1023");
	run_check(&first, 0, NULL);
	ck_assert_ptr_nonnull(strstr(first.out, "workers 3\n"));
	ck_assert_ptr_nonnull(strstr(first.out, "allow 192.0.2.1:1-1023\n"));
	file_write("conf", first.out);
	RUN(&second, "ftxd", "-T", "-f", "conf");
	run_check(&second, 0, NULL);
	ck_assert_ptr_nonnull(strstr(second.out, "workers 3\n"));
	ck_assert_ptr_nonnull(strstr(second.out, "allow 10.0.0.0/8\n"));
	RUN(&second, "ftxd", "-T", "-o", "idle-timeout=never");
	run_check(&second, 2, "idle-timeout");
	file_write("conf", "workers 3\nbogus 1\n");
	RUN(&second, "ftxd", "-T", "-f", "conf");
	run_check(&second, 2, "conf");
	ck_assert_ptr_nonnull(strstr(second.err, "2"));
}
END_TEST

START_TEST(version_and_usage_are_printed)
{
	struct run run;

	RUN(&run, "ftx", "-V");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "ftx"));
	RUN(&run, "ftxd", "-V");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "ftxd"));
	RUN(&run, "ftxd", "-h");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "max-per-host"));
	RUN(&run, "ftx", "put", "-h");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "no-clobber"));
}
END_TEST

START_TEST(start_fails_when_a_setting_is_bad)
{
	struct server server;
	struct run run;
	char port[16];

	directory_make("in");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-o", "allow=nonsense");
	run_check(&run, 2, "nonsense");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-o", "allow=10.0.0.1/8");
	run_check(&run, 2, "10.0.0.1/8");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-w", "0");
	run_check(&run, 2, "workers");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-o", "bogus=1");
	run_check(&run, 2, "bogus");
	RUN(&run, "ftxd", "-p", "0", "-d", "missing");
	run_check(&run, 4, "missing: No such file or directory");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-a", "192.0.2.1");
	run_check(&run, 3, "not an address of this host");
	SERVER_START(&server, "-w", "1");
	snprintf(port, sizeof(port), "%u", server.port);
	RUN(&run, "ftxd", "-p", port, "-d", "in");
	run_check(&run, 3, "in use");
	server_stop(&server);
}
END_TEST

START_TEST(start_fails_when_the_staging_directory_is_foreign)
{
	struct run run;
	char path[64];

	directory_make("in");
	directory_make("victim");
	file_write("victim/f", "x");
	snprintf(path, sizeof(path), "in/.ftx-%ld", (long)geteuid());
	ck_assert_int_eq(symlink("../victim", path), 0);
	RUN(&run, "ftxd", "-p", "0", "-d", "in");
	run_check(&run, 4, NULL);
	ck_assert(file_exists("victim/f"));
	ck_assert_int_eq(unlink(path), 0);
	file_write(path, "a file");
	RUN(&run, "ftxd", "-p", "0", "-d", "in");
	run_check(&run, 4, NULL);
}
END_TEST

START_TEST(run_fails_when_options_are_bad)
{
	static const char *const bad[][6] = {
	    {"ftx", "put"},
	    {"ftx", "put", "f"},
	    {"ftx", "put", "f", "no-colon"},
	    {"ftx", "get", "f", "127.0.0.1:f"},
	    {"ftx", "put", "-o", "bogus", "f", "127.0.0.1:f"},
	    {"ftx", "put", "-m", "999", "f", "127.0.0.1:f"},
	    {"ftx", "put", "-P", "65536", "f", "127.0.0.1:f"},
	    {"ftx", "put", "-Z", "f", "127.0.0.1:f"},
	    {"ftx", "put", "-o", "skip-unchanged", "-", "127.0.0.1:f"},
	    {"ftx", "put", "-o", "checksum", "-", "127.0.0.1:f"},
	    {"ftx", "put", "-o", "remove-source", "-", "127.0.0.1:f"},
	};
	struct run run;

	file_write("f", "x");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *argv[7] = {NULL};

		memcpy(argv, bad[i], sizeof(bad[i]));
		run_all(&run, argv);
		ck_assert_msg(run.status == 1 && run.err[0] != '\0',
		    "line %u: %d \"%s\"", (unsigned)i, run.status, run.err);
	}
}
END_TEST

Suite *
usage_suite(void)
{
	Suite *suite = suite_create("usage");
	TCase *tcase = harness_case("usage");

	tcase_add_test(tcase, settings_are_printed_with_T);
	tcase_add_test(tcase, version_and_usage_are_printed);
	tcase_add_test(tcase, start_fails_when_a_setting_is_bad);
	tcase_add_test(
	    tcase, start_fails_when_the_staging_directory_is_foreign);
	tcase_add_test(tcase, run_fails_when_options_are_bad);
	suite_add_tcase(suite, tcase);
	return suite;
}
