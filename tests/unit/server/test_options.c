/* SPDX-License-Identifier: ISC */
/* The settings of ftxd: defaults, limits, command line and file. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/settings/options.h"

#define ARGUMENTS_MAX 16

Suite *options_suite(void);

static struct options options;
static char error[SETTINGS_ERROR];

/* Read the settings from words, which end with NULL. */
static int
read_line(const char *const words[])
{
	char *argv[ARGUMENTS_MAX + 2] = {NULL};
	char name[] = "ftxd";
	int argc = 1, status;

	argv[0] = name;
	while (words[argc - 1] != NULL) {
		argv[argc] = strdup(words[argc - 1]);
		argc++;
	}
	options_release(&options);
	error[0] = '\0';
	status = options_read(&options, argc, argv, error);
	while (--argc > 0)
		free(argv[argc]);
	return status;
}

#define READ(...) read_line((const char *const[]){__VA_ARGS__, NULL})

static void
release(void)
{
	options_release(&options);
}

START_TEST(settings_have_defaults)
{
	uint64_t bytes;
	int percent;

	ck_assert_int_eq(READ("-w", "8"), 0);
	ck_assert_str_eq(options.port, "2345");
	ck_assert_uint_eq(options.workers, 8);
	ck_assert_uint_eq(options.addresses.count, 0);
	ck_assert_ptr_null(options.directory);
	ck_assert_uint_eq(options.backlog, 128);
	ck_assert_int_eq(options.idle_timeout, 60000);
	ck_assert_int_eq(options.hello_timeout, 10000);
	ck_assert_int_eq(options.drain_timeout, 30000);
	ck_assert_uint_eq(options.min_rate, 1024);
	ck_assert_uint_eq(options.max_size, 0);
	ck_assert_uint_eq(options.max_connections, 0);
	ck_assert_int_eq(options.fsync, 1);
	ck_assert_str_eq(options.overwrite, "replace");
	ck_assert_str_eq(options.shared, "locks");
	ck_assert_int_eq(options_umask(&options), -1);
	options_min_free(&options, &percent, &bytes);
	ck_assert_int_eq(percent, 1);
	ck_assert_uint_eq(bytes, 0);
}
END_TEST

START_TEST(max_per_host_leaves_one_worker_by_default)
{
	ck_assert_int_eq(READ("-w", "8"), 0);
	ck_assert_uint_eq(options_per_host(&options), 7);
	ck_assert_int_eq(READ("-w", "2"), 0);
	ck_assert_uint_eq(options_per_host(&options), 1);
	ck_assert_int_eq(READ("-w", "1"), 0);
	ck_assert_uint_eq(options_per_host(&options), 1);
	ck_assert_int_eq(READ("-w", "2", "-C", "5"), 0);
	ck_assert_uint_eq(options_per_host(&options), 5);
}
END_TEST

static const struct {
	const char *letter, *value;
	int accepted;
} limits[] = {
    {"-w", "0", 0},
    {"-w", "1", 1},
    {"-w", "512", 1},
    {"-w", "513", 0},
    {"-w", "-1", 0},
    {"-w", "x", 0},
    {"-p", "0", 1},
    {"-p", "65535", 1},
    {"-p", "65536", 0},
    {"-p", "", 0},
    {"-b", "0", 0},
    {"-b", "65535", 1},
    {"-b", "65536", 0},
    {"-t", "0", 0},
    {"-t", "1", 1},
    {"-t", "7d", 1},
    {"-t", "8d", 0},
    {"-u", "", 0},
    {"-u", ":group", 0},
    {"-u", "user:", 0},
    {"-u", "user:group", 1},
    {"-d", "", 0},
    {"-o", "umask=0", 1},
    {"-o", "umask=0777", 1},
    {"-o", "umask=1000", 0},
    {"-o", "umask=08", 0},
    {"-o", "umask=00077", 0},
    {"-o", "umask=", 0},
    {"-o", "min-free=0%", 1},
    {"-o", "min-free=99%", 1},
    {"-o", "min-free=100%", 0},
    {"-o", "min-free=%", 0},
    {"-o", "min-free=10G", 1},
    {"-o", "min-free=10X", 0},
    {"-o", "min-free=1%%", 0},
    {"-o", "overwrite=never", 1},
    {"-o", "overwrite=ask", 0},
    {"-o", "shared=locks", 1},
    {"-o", "shared=no-locks", 1},
    {"-o", "shared=yes", 0},
    {"-o", "allow=10.0.0.0/8", 1},
    {"-o", "allow=10.0.0.0/33", 0},
    {"-o", "allow=10.0.0.1/8", 0},
    {"-o", "deny=example.org", 0},
    {"-o", "max-size=4G", 1},
    {"-o", "max-size=99999999999999999999", 0},
    {"-o", "nosuch=1", 0},
};

START_TEST(value_is_rejected_when_out_of_range)
{
	int status = READ(limits[_i].letter, limits[_i].value);

	ck_assert_msg((status == 0) == limits[_i].accepted, "%s %s: %s",
	    limits[_i].letter, limits[_i].value, error);
	ck_assert((status == 0) == (error[0] == '\0'));
}
END_TEST

START_TEST(min_free_is_percentage_or_bytes)
{
	uint64_t bytes;
	int percent;

	ck_assert_int_eq(READ("-o", "min-free=15%"), 0);
	options_min_free(&options, &percent, &bytes);
	ck_assert_int_eq(percent, 15);
	ck_assert_uint_eq(bytes, 0);
	ck_assert_int_eq(READ("-o", "min-free=3G"), 0);
	options_min_free(&options, &percent, &bytes);
	ck_assert_int_eq(percent, 0);
	ck_assert_uint_eq(bytes, UINT64_C(3) << 30);
}
END_TEST

START_TEST(umask_is_octal)
{
	ck_assert_int_eq(READ("-o", "umask=027"), 0);
	ck_assert_int_eq(options_umask(&options), 027);
}
END_TEST

START_TEST(command_line_overrides_the_file)
{
	char path[] = "/tmp/ftx-options-XXXXXX";
	int fd = mkstemp(path);
	const char text[] = "# of a test\nworkers 3\nport 1000\n"
			    "allow 10.0.0.0/8\n";

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	ck_assert_int_eq(
	    READ("-w", "5", "-o", "allow=192.0.2.0/24", "-f", path), 0);
	ck_assert_uint_eq(options.workers, 5);
	ck_assert_str_eq(options.port, "1000");
	ck_assert_str_eq(options.file, path);
	ck_assert_uint_eq(options.allow.count, 2);
	ck_assert_str_eq(options.allow.items[0], "10.0.0.0/8");
	ck_assert_str_eq(options.allow.items[1], "192.0.2.0/24");
	unlink(path);
	ck_assert_int_eq(READ("-f", path), -1);
	ck_assert_ptr_nonnull(strstr(error, path));
}
END_TEST

START_TEST(options_are_rejected_when_they_exclude_each_other)
{
	ck_assert_int_eq(READ("-4", "-6"), -1);
	ck_assert_int_eq(READ("-4", "operand"), -1);
	ck_assert_ptr_nonnull(strstr(error, "operand"));
}
END_TEST

START_TEST(log_goes_to_syslog_when_in_background)
{
	ck_assert_int_eq(READ("-B"), 0);
	ck_assert_int_eq(options.to_syslog, 1);
	ck_assert_int_eq(READ("-v"), 0);
	ck_assert_int_eq(options.to_syslog, 0);
}
END_TEST

Suite *
options_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, release);
	tcase_add_test(tcase, settings_have_defaults);
	tcase_add_test(tcase, max_per_host_leaves_one_worker_by_default);
	tcase_add_loop_test(tcase, value_is_rejected_when_out_of_range, 0,
	    (int)(sizeof(limits) / sizeof(limits[0])));
	tcase_add_test(tcase, min_free_is_percentage_or_bytes);
	tcase_add_test(tcase, umask_is_octal);
	tcase_add_test(tcase, command_line_overrides_the_file);
	tcase_add_test(
	    tcase, options_are_rejected_when_they_exclude_each_other);
	tcase_add_test(tcase, log_goes_to_syslog_when_in_background);
	suite_add_tcase(suite, tcase);
	return suite;
}
