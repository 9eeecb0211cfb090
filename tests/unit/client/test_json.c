/* SPDX-License-Identifier: ISC */
/* Print arbitrary bytes as JSON strings. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/display/json.h"

Suite *json_suite(void);

static const struct {
	const char *pieces[2];
	const char *json; /* after the key */
} cases[] = {
    {{"", ""}, "\"\""},
    {{"a/b", " c"}, "\"a/b c\""},
    {{"\"\\/", ""}, "\"\\\"\\\\/\""},
    {{"\b\n\r\t\x1b[m\x1f", "\x7f"},
	"\"\\u0008\\u000a\\u000d\\u0009\\u001b[m\\u001f\\u007f\""},
    {{"\xc2\x9b", "\xe2\x80\xae"}, "\"\\u009b\\u202e\""},
    {{"\xe6\x97\xa5", "\xef\xbf\xbf"}, "\"\\u65e5\\uffff\""},
    {{"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"},
	"\"\\ud800\\udc00\\udbff\\udfff\""},
    /* Invalid UTF-8: a byte, a cut character, a surrogate, overlong. */
    {{"a\xff", "b"}, "\"a\\ufffdb\",\"k_hex\":\"61ff62\""},
    {{"\xe6\x97", ""}, "\"\\ufffd\\ufffd\",\"k_hex\":\"e697\""},
    {{"\xed\xa0\x80", ""}, "\"\\ufffd\\ufffd\\ufffd\",\"k_hex\":\"eda080\""},
    {{"\xc0\xaf", ""}, "\"\\ufffd\\ufffd\",\"k_hex\":\"c0af\""},
    {{"\xef\xbf\xbd", "\xff"}, "\"\\ufffd\\ufffd\",\"k_hex\":\"efbfbdff\""},
};

START_TEST(bytes_are_printed_as_json)
{
	struct wire_bytes pieces[2];
	char expected[256], *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < 2; i++)
		pieces[i] = (struct wire_bytes){
		    cases[_i].pieces[i], strlen(cases[_i].pieces[i])};
	json_print_bytes(out, "k", pieces, 2);
	ck_assert_int_eq(fclose(out), 0);
	snprintf(expected, sizeof(expected), ",\"k\":%s", cases[_i].json);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

Suite *
json_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, bytes_are_printed_as_json, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
