/* SPDX-License-Identifier: ISC */
/* Where sources go, before and after the server has resolved the base. */
#include <check.h>
#include <string.h>

#include "client/run/remote.h"

Suite *remote_suite(void);

static struct wire_bytes
bytes_of(const char *text)
{
	return (struct wire_bytes){text, strlen(text)};
}

static const struct {
	enum remote_kind kind;
	const char *target, *directory, *name; /* as the server resolves them */
	enum wire_base_mode mode;
	const char *before, *after; /* what is shown as the target of "t/f" */
} cases[] = {
    {REMOTE_DIRECTORY, "in", "in", "", WIRE_BASE_DIRECTORY, "h:in/f", "h:in/f"},
    {REMOTE_DIRECTORY, "", "", "", WIRE_BASE_DIRECTORY, "h:f", "h:f"},
    {REMOTE_EITHER, "in/g", "in", "g", WIRE_BASE_RESOLVE, "h:in/g", "h:in/g"},
    {REMOTE_EITHER, "in", "in", "", WIRE_BASE_RESOLVE, "h:in", "h:in/f"},
    {REMOTE_EITHER, "in/", "in", "", WIRE_BASE_RESOLVE, "h:in/f", "h:in/f"},
    {REMOTE_FILE, "in/g", "", "", WIRE_BASE_DIRECTORY, "h:in/g", "h:in/g"},
    {REMOTE_FILE, "g", "", "", WIRE_BASE_DIRECTORY, "h:g", "h:g"},
};

START_TEST(source_goes_below_the_base)
{
	char path[16], shown[REMOTE_SHOWN];
	const struct target target = {.shown = "h", .path = path};
	const struct source source = source_named("t/f");
	const struct wire_based based = {
	    .directory = bytes_of(cases[_i].directory),
	    .name = bytes_of(cases[_i].name)};
	struct remote remote;

	memcpy(path, cases[_i].target, strlen(cases[_i].target) + 1);
	ck_assert_int_eq(remote_init(&remote, &target, cases[_i].kind), 0);
	ck_assert_int_eq(
	    remote_is_resolved(&remote), cases[_i].kind == REMOTE_FILE);
	ck_assert_int_eq(remote_base(&remote).mode, cases[_i].mode);
	ck_assert_str_eq(
	    remote_show(&remote, &source, TEXT_UTF8, shown), cases[_i].before);
	ck_assert_int_eq(remote_resolve(&remote, &based), 0);
	ck_assert(remote_is_resolved(&remote));
	ck_assert_int_eq(remote_base(&remote).mode, WIRE_BASE_DIRECTORY);
	ck_assert_str_eq(
	    remote_show(&remote, &source, TEXT_UTF8, shown), cases[_i].after);
	remote_release(&remote);
}
END_TEST

Suite *
remote_suite(void)
{
	Suite *suite = suite_create("remote");
	TCase *tcase = tcase_create("remote");

	tcase_add_loop_test(tcase, source_goes_below_the_base, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
