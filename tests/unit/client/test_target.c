/* SPDX-License-Identifier: ISC */
/* Targets: host, path, and error messages. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/settings/target.h"

Suite *target_suite(void);

static const struct good {
	const char *text, *host, *shown, *path;
} valid[] = {
    {"nas:", "nas", "nas", ""},
    {"nas:dst", "nas", "nas", "dst"},
    {"nas:dir/", "nas", "nas", "dir/"},
    {"nas:/a/b", "nas", "nas", "a/b"},
    {"nas://a/b", "nas", "nas", "a/b"},
    {"nas:./a/b", "nas", "nas", "a/b"},
    {"nas:.//././a", "nas", "nas", "a"},
    {"nas:a//b/./c", "nas", "nas", "a/b/c"},
    {"nas:a/.", "nas", "nas", "a/"},
    {"nas:a//", "nas", "nas", "a/"},
    {"nas:a/./", "nas", "nas", "a/"},
    {"nas:.", "nas", "nas", ""},
    {"nas:/", "nas", "nas", ""},
    {"nas:..", "nas", "nas", ".."},
    {"nas:.x", "nas", "nas", ".x"},
    {"nas:a:b", "nas", "nas", "a:b"},
    {"nas:user@x", "nas", "nas", "user@x"},
    {"http:/x", "http", "http", "x"},
    {":http://x", "localhost", "localhost", "http:/x"},
    {"nas:2345:in/", "nas", "nas", "2345:in/"},
    {"cafe:./a::b", "cafe", "cafe", "a::b"},
    {":dst", "localhost", "localhost", "dst"},
    {":", "localhost", "localhost", ""},
    {"192.0.2.1:x", "192.0.2.1", "192.0.2.1", "x"},
    {"[::1]:", "::1", "[::1]", ""},
    {"[2001:db8::7]:in/", "2001:db8::7", "[2001:db8::7]", "in/"},
    {"[fe80::1%eth0]:dst", "fe80::1%eth0", "[fe80::1%eth0]", "dst"},
    {"[::ffff:192.0.2.1]:x", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]", "x"},
    {"a\x1b[31m:x", "a\x1b[31m", "a\\x1b[31m", "x"},
};

START_TEST(target_is_parsed)
{
	const struct good *good = &valid[_i];
	struct target target;
	char error[TARGET_ERROR];

	ck_assert_int_eq(target_parse(&target, good->text, error), 0);
	ck_assert_str_eq(target.host, good->host);
	ck_assert_str_eq(target.shown, good->shown);
	ck_assert_str_eq(target.path, good->path);
	target_release(&target);
}
END_TEST

static const struct bad {
	const char *text, *error;
} invalid[] = {
    {"", ": the target names no host: write host:path"},
    {"name", "name: the target names no host: write name: or name:path"},
    {".", ".: the target names no host: write host:path"},
    {"..", "..: the target names no host: write host:path"},
    {"in/x", "in/x: the target names no host: write host:path"},
    {"user@nas:x", "user@nas:x: write host:path, without user@"},
    {"user@nas", "user@nas: write host:path, without user@"},
    {"user@[::1]:x", "user@[::1]:x: write host:path, without user@"},
    {"http://nas/x", "http://nas/x: this is a URL: write host:path"},
    {"sftp://me@nas/x", "sftp://me@nas/x: this is a URL: write host:path"},
    {"dir/a:b", "dir/a:b: what stands before the colon is no host"},
    {"2001:db8::7:in/",
	"2001:db8::7:in/: write IPv6 addresses in brackets: "
	"[2001:db8::7]:in/"},
    {"::1:", "::1:: write IPv6 addresses in brackets: [::1]:"},
    {"::1", "::1: write IPv6 addresses in brackets: [::1]:"},
    {"fe80::1%eth0:x",
	"fe80::1%eth0:x: write IPv6 addresses in brackets: "
	"[fe80::1%eth0]:x"},
    {"[::1]", "[::1]: write an IPv6 target as [address]:path"},
    {"[::1", "[::1: write an IPv6 target as [address]:path"},
    {"[::1]x:y", "[::1]x:y: write an IPv6 target as [address]:path"},
    {"[]:x", "[]:x: no IPv6 address in the brackets"},
    {"[nas]:x", "[nas]:x: no IPv6 address in the brackets"},
    {"[192.0.2.1]:x", "[192.0.2.1]:x: no IPv6 address in the brackets"},
    {"[fe80::1%]:x", "[fe80::1%]:x: no IPv6 address in the brackets"},
    {"\x1b[2J",
	"\\x1b[2J: the target names no host: write \\x1b[2J: or "
	"\\x1b[2J:path"},
};

START_TEST(target_fails_with_a_reason)
{
	struct target target;
	char error[TARGET_ERROR];

	ck_assert_int_eq(target_parse(&target, invalid[_i].text, error), -1);
	ck_assert_str_eq(error, invalid[_i].error);
}
END_TEST

/* The longest host, and one that is a byte longer. */
START_TEST(host_fails_when_too_long)
{
	char text[ADDRESS_HOST + 3];
	char error[TARGET_ERROR];
	struct target target;

	memset(text, 'h', sizeof(text));
	memcpy(text + ADDRESS_HOST - 1, ":x", 3);
	ck_assert_int_eq(target_parse(&target, text, error), 0);
	ck_assert_uint_eq(strlen(target.host), ADDRESS_HOST - 1);
	target_release(&target);
	memset(text, 'h', sizeof(text));
	memcpy(text + ADDRESS_HOST, ":x", 3);
	ck_assert_int_eq(target_parse(&target, text, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "too long"));
}
END_TEST

START_TEST(message_stays_short_when_the_target_is_long)
{
	static char text[100000];
	char error[TARGET_ERROR];
	struct target target;

	memset(text, '\x1b', sizeof(text) - 1);
	ck_assert_int_eq(target_parse(&target, text, error), -1);
	ck_assert_uint_lt(strlen(error), sizeof(error));
	ck_assert_ptr_nonnull(strstr(error, "names no host"));
}
END_TEST

static const struct directory {
	const char *text;
	size_t length;
	int is_good;
} directories[] = {
    {"h:", 0, 1},
    {"h:a", 1, 1},
    {"h:a/", 1, 1},
    {"h:a/b/", 3, 1},
    {"h:../x", 4, 0},
    {"h:a/..", 4, 0},
    {"h:..", 2, 0},
    {"h:.ftx-1/x", 8, 0},
};

START_TEST(directory_is_rejected_when_no_server_accepts_it)
{
	const struct directory *directory = &directories[_i];
	const char *reason;
	struct target target;
	char error[TARGET_ERROR];

	ck_assert_int_eq(target_parse(&target, directory->text, error), 0);
	ck_assert_uint_eq(
	    target_directory(&target, &reason), directory->length);
	ck_assert_int_eq(reason == NULL, directory->is_good);
	target_release(&target);
}
END_TEST

START_TEST(target_is_remote_when_a_colon_comes_before_a_slash)
{
	ck_assert(target_is_remote("nas:"));
	ck_assert(target_is_remote(":x"));
	ck_assert(target_is_remote("[::1]:/x"));
	ck_assert(!target_is_remote("nas"));
	ck_assert(!target_is_remote("./a:b"));
	ck_assert(!target_is_remote(""));
}
END_TEST

START_TEST(target_is_shown_with_its_host)
{
	char shown[TARGET_ERROR], error[TARGET_ERROR];
	struct target target;

	ck_assert_int_eq(target_parse(&target, "[::1]:/../a\x1b", error), 0);
	ck_assert_str_eq(target_show(&target, shown), "[::1]:../a\\x1b");
	target_release(&target);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *
target_suite(void)
{
	Suite *suite = suite_create("target");
	TCase *tcase = tcase_create("target");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, target_is_parsed, 0, COUNT(valid));
	tcase_add_loop_test(
	    tcase, target_fails_with_a_reason, 0, COUNT(invalid));
	tcase_add_test(tcase, host_fails_when_too_long);
	tcase_add_test(tcase, message_stays_short_when_the_target_is_long);
	tcase_add_test(
	    tcase, target_is_remote_when_a_colon_comes_before_a_slash);
	tcase_add_test(tcase, target_is_shown_with_its_host);
	tcase_add_loop_test(tcase,
	    directory_is_rejected_when_no_server_accepts_it, 0,
	    COUNT(directories));
	suite_add_tcase(suite, tcase);
	return suite;
}
