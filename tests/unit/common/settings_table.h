/* SPDX-License-Identifier: ISC */
/* A table of settings, and the fixture of the tests that use it. */
#ifndef TESTS_UNIT_COMMON_SETTINGS_TABLE_H
#define TESTS_UNIT_COMMON_SETTINGS_TABLE_H

#include <stdint.h>

#include "common/settings.h"

struct test_values {
	int flag, other;
	uint64_t workers, size;
	int64_t timeout;
	char *path, *port;
	struct setting_list names;
};

/* The number of entries; the last one ends the table. */
#define TEST_TABLE 9
extern const struct setting test_table[TEST_TABLE];

/* The values under test, and the message of the last error. */
extern struct test_values values;
extern char error[SETTINGS_ERROR];

/* The checked fixture: values has its defaults, and error is empty. */
void test_begin(void);
void test_finish(void);
void test_begin_again(void);

/* The output of settings_print; the caller frees it. */
char *test_print(const struct test_values *printed);

#endif
