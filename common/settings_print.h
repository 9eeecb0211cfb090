/* SPDX-License-Identifier: ISC */
/* Print settings as a file, and as the usage. */
#ifndef COMMON_SETTINGS_PRINT_H
#define COMMON_SETTINGS_PRINT_H

#include <stdio.h>

#include "common/settings.h"

/* Print all values as a file for settings_file. */
void settings_print(const struct setting *table, const void *values, FILE *out);

/* Print one line a setting: letter, name, argument, help, default. */
void settings_usage(const struct setting *table, FILE *out);

#endif
