/* SPDX-License-Identifier: ISC */
/* The table of settings that the tests of settings share. */
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

extern const struct setting test_table[];

/* The output of settings_print; the caller frees it. */
char *test_print(const struct test_values *printed);

#endif
