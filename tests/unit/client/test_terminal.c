/* SPDX-License-Identifier: ISC */
/* Measure the width of texts, and cut them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/display/terminal.h"

Suite *terminal_suite(void);

/* Set the locale, and initialize without a terminal. */
static void
begin(struct terminal *terminal, const char *locale)
{
	ck_assert_int_eq(setenv("LC_ALL", locale, 1), 0);
	terminal_init(terminal, -1);
}

static const struct {
	const char *text;
	size_t width, columns;
	const char *cut;
} cuts[] = {
    {"", 0, 0, ""},
    {"name", 4, 4, "name"},
    {"name", 4, 3, "ame"},
    {"long-name", 9, 9, "long-name"},
    {"long-name", 9, 8, "...-name"},
    {"long-name", 9, 5, "...me"},
    {"long-name", 9, 1, "e"},
    {"long-name", 9, 0, ""},
    /* These characters take two columns each. */
    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6, 6,
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6, 5, "...\xe8\xaa\x9e"},
    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6, 3, "\xe8\xaa\x9e"},
    {"\xf0\x9f\x8e\x89!", 3, 2, "!"},
    /* A combining character takes none, and stays with its letter. */
    {"ae\xcc\x81z", 3, 2, "e\xcc\x81z"},
    {"ae\xcc\x81z", 3, 1, "z"},
    /* An escape is never cut in two. */
    {"a\\x1bb\\\\", 8, 7, "...b\\\\"},
    {"a\\x1bb\\\\", 8, 6, "...b\\\\"},
    {"a\\x1bb\\\\", 8, 3, "b\\\\"},
    {"a\\x1bb\\\\", 8, 1, ""},
};

START_TEST(text_is_cut_between_characters_and_escapes)
{
	struct terminal terminal;
	char text[64];

	begin(&terminal, "C.UTF-8");
	snprintf(text, sizeof(text), "%s", cuts[_i].text);
	ck_assert_uint_eq(terminal_width(&terminal, text), cuts[_i].width);
	terminal_cut(&terminal, text, cuts[_i].columns);
	ck_assert_str_eq(text, cuts[_i].cut);
	ck_assert_uint_le(terminal_width(&terminal, text), cuts[_i].columns);
	terminal_release(&terminal);
}
END_TEST

START_TEST(characters_have_unknown_width_without_utf8)
{
	struct terminal terminal;

	begin(&terminal, "C");
	ck_assert_uint_eq(terminal_width(&terminal, "a\xc3\xa4"), 3);
	ck_assert_uint_eq(terminal_width(&terminal, "\xe6\x97\xa5"), 2);
	terminal_release(&terminal);
	begin(&terminal, "there is no such locale");
	ck_assert_uint_eq(terminal_width(&terminal, "\xe6\x97\xa5"), 2);
	terminal_release(&terminal);
}
END_TEST

START_TEST(columns_come_from_the_environment_without_a_terminal)
{
	static const struct {
		const char *value;
		size_t columns;
	} cases[] = {
	    {"132", 132},
	    {"1", 1},
	    {"10000", 10000},
	    {"10001", TERMINAL_COLUMNS},
	    {"0", TERMINAL_COLUMNS},
	    {"", TERMINAL_COLUMNS},
	    {"-5", TERMINAL_COLUMNS},
	    {"wide", TERMINAL_COLUMNS},
	};
	struct terminal terminal;

	begin(&terminal, "C");
	ck_assert_int_eq(terminal.is_one, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(setenv("COLUMNS", cases[i].value, 1), 0);
		ck_assert_uint_eq(
		    terminal_columns(&terminal), cases[i].columns);
	}
	ck_assert_int_eq(unsetenv("COLUMNS"), 0);
	ck_assert_uint_eq(terminal_columns(&terminal), TERMINAL_COLUMNS);
	terminal_release(&terminal);
}
END_TEST

Suite *
terminal_suite(void)
{
	Suite *suite = suite_create("terminal");
	TCase *tcase = tcase_create("terminal");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, text_is_cut_between_characters_and_escapes,
	    0, (int)(sizeof(cuts) / sizeof(cuts[0])));
	tcase_add_test(tcase, characters_have_unknown_width_without_utf8);
	tcase_add_test(
	    tcase, columns_come_from_the_environment_without_a_terminal);
	suite_add_tcase(suite, tcase);
	return suite;
}
