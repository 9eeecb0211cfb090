/* SPDX-License-Identifier: ISC */
/* Read settings from the command line and from a file. */
#ifndef COMMON_SETTINGS_READ_H
#define COMMON_SETTINGS_READ_H

#include "common/settings.h"

/*
 * Read the command line: the letters of the table, and -o name[=value].  An
 * option given again replaces its value; for a list it adds an item.  Returns
 * the index of the first operand, or -1 with error.
 */
int settings_command_line(const struct setting *table, void *values, int argc,
    char *const argv[], char error[SETTINGS_ERROR]);

/*
 * Read a file with one "name value" a line.  Blank lines and lines that begin
 * with "#" are ignored.  Returns 0, or -1 with error, which names the file and
 * the line.
 */
int settings_file(const struct setting *table, void *values, const char *path,
    char error[SETTINGS_ERROR]);

#endif
