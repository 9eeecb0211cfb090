/* SPDX-License-Identifier: ISC */
/* Split command lines into words. */
#include <check.h>
#include <string.h>

#include "client/settings/command_words.h"

Suite *command_words_suite(void);

#define WORDS_MAX 8

static const struct {
	const char *text;
	const char *words[WORDS_MAX];
} valid[] = {
    {"ssh", {"ssh"}},
    {"ssh host ftxd -i", {"ssh", "host", "ftxd", "-i"}},
    {" \t a \n\t b  ", {"a", "b"}},
    {"a 'b c' \"d e\"", {"a", "b c", "d e"}},
    {"a'b c'd\"e f\"g", {"ab cde fg"}},
    {"a '' \"\" b", {"a", "", "", "b"}},
    {"a '\"' \"'\"", {"a", "\"", "'"}},
    {"a \\ $HOME;b|c `d` *", {"a", "\\", "$HOME;b|c", "`d`", "*"}},
    {"a 'b\nc'", {"a", "b\nc"}},
    {"\xc3\xa4 \xff", {"\xc3\xa4", "\xff"}},
};

START_TEST(command_is_split_at_blanks_and_quotes)
{
	struct command_words words;
	const char *reason;
	size_t count = 0;

	ck_assert_int_eq(
	    command_words_split(&words, valid[_i].text, &reason), 0);
	while (count < WORDS_MAX && valid[_i].words[count] != NULL) {
		ck_assert_uint_lt(count, words.count);
		ck_assert_str_eq(words.items[count], valid[_i].words[count]);
		count++;
	}
	ck_assert_uint_eq(words.count, count);
	ck_assert_ptr_null(words.items[count]);
	command_words_release(&words);
	ck_assert_ptr_null(words.items);
}
END_TEST

static const struct {
	const char *text, *reason;
} invalid[] = {
    {"", "empty"},
    {" \t\n", "empty"},
    {"''", "empty"},
    {"'' a", "empty"},
    {"a 'b", "does not end"},
    {"a \"b'", "does not end"},
    {"a b'", "does not end"},
    {"'", "does not end"},
};

START_TEST(command_fails_when_empty_or_quote_is_open)
{
	struct command_words words;
	const char *reason = "";

	ck_assert_int_eq(
	    command_words_split(&words, invalid[_i].text, &reason), -1);
	ck_assert_ptr_nonnull(strstr(reason, invalid[_i].reason));
	ck_assert_ptr_null(words.items);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *
command_words_suite(void)
{
	Suite *suite = suite_create("command_words");
	TCase *tcase = tcase_create("words");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(
	    tcase, command_is_split_at_blanks_and_quotes, 0, COUNT(valid));
	tcase_add_loop_test(tcase, command_fails_when_empty_or_quote_is_open, 0,
	    COUNT(invalid));
	suite_add_tcase(suite, tcase);
	return suite;
}
