/* SPDX-License-Identifier: ISC */
/* A table of settings, and the fixture of the tests that use it. */
#include "tests/unit/common/settings_table.h"

#include <check.h>
#include <string.h>

#include "common/settings_print.h"

static int
check_port(const char *value, const char **reason)
{
	*reason = "a port is digits";
	return value[strspn(value, "0123456789")] == '\0' ? 0 : -1;
}

#define MEMBER(member) .offset = offsetof(struct test_values, member)

const struct setting test_table[TEST_TABLE] = {
    {.name = "flag",
	.letter = 'F',
	.kind = SETTING_FLAG,
	MEMBER(flag),
	.help = "a flag"},
    {.name = "other",
	.letter = 'O',
	.kind = SETTING_FLAG,
	MEMBER(other),
	.initial = "yes",
	.argument = "yes|no",
	.help = "another"},
    {.name = "workers",
	.letter = 'w',
	.kind = SETTING_NUMBER,
	MEMBER(workers),
	.initial = "8",
	.low = 1,
	.high = 512,
	.argument = "count",
	.help = "how many"},
    {.name = "max-size",
	.kind = SETTING_NUMBER,
	MEMBER(size),
	.high = UINT64_MAX,
	.argument = "bytes",
	.help = "how large"},
    {.name = "timeout",
	.letter = 't',
	.kind = SETTING_TIME,
	MEMBER(timeout),
	.initial = "60",
	.low = 1000,
	.high = 3600000,
	.argument = "time",
	.help = "how long"},
    {.name = "path",
	.letter = 'f',
	.kind = SETTING_TEXT,
	MEMBER(path),
	.argument = "file",
	.help = "where"},
    {.name = "port",
	.letter = 'p',
	.kind = SETTING_TEXT,
	MEMBER(port),
	.initial = "2345",
	.check = check_port,
	.argument = "port",
	.help = "which"},
    {.name = "name",
	.letter = 'n',
	.kind = SETTING_LIST,
	MEMBER(names),
	.argument = "name",
	.help = "who"},
    {.name = NULL},
};

struct test_values values;
char error[SETTINGS_ERROR];

void
test_begin(void)
{
	memset(&values, 0, sizeof values);
	memset(error, 0, sizeof error);
	ck_assert_int_eq(settings_init(test_table, &values), 0);
}

void
test_finish(void)
{
	settings_release(test_table, &values);
}

void
test_begin_again(void)
{
	test_finish();
	test_begin();
}

char *
test_print(const struct test_values *printed)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	settings_print(test_table, printed, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}
