/* SPDX-License-Identifier: ISC */
/* Settings by name: one table feeds getopt, -o, the file, -T and the usage. */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a value is, and the C type of the member that holds it. */
enum setting_kind {
	SETTING_FLAG,	/* int: yes or no; the bare name means yes */
	SETTING_NUMBER, /* uint64_t: digits, with K, M, G, T as powers of 1024
			 */
	SETTING_TIME,	/* int64_t in milliseconds: digits with s, m, h or d */
	SETTING_TEXT,	/* char *: any, owned by the values */
	SETTING_LIST	/* struct setting_list: may be given repeatedly */
};

struct setting_list {
	char **items; /* owned */
	size_t count;
};

/* Why a value was not taken; shown to the person who wrote it. */
#define SETTINGS_ERROR 512

struct setting {
	const char *name;
	char letter; /* a short way to write it, or 0 */
	enum setting_kind kind;
	size_t offset;	     /* of the member in the values */
	const char *initial; /* as text, or NULL: 0, NULL, empty */
	uint64_t low, high;  /* NUMBER, TIME (in ms): what is accepted */
	/*
	 * A further check of the text, or NULL.  Returns 0, or -1 with *reason
	 * (a constant) saying what is accepted.
	 */
	int (*check)(const char *value, const char **reason);
	const char *argument; /* for the usage: "address[:port]"; NULL: none */
	const char *help;     /* one line for the usage */
};

/* Write error as printf does; returns -1, for the caller to return. */
int settings_fail(char error[SETTINGS_ERROR], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A table ends with an entry whose name is NULL. */

/*
 * Fill values (zeroed memory) with what the table says.  Returns 0, or -1 with
 * errno if there is no memory.
 */
int settings_init(const struct setting *table, void *values);
void settings_release(const struct setting *table, void *values);

/*
 * Set one by name; value NULL is the bare name.  Each returns 0, or -1 with
 * error saying what was wrong and what is accepted; peer-safe for any bytes.
 */
int settings_set(const struct setting *table, void *values, const char *name,
    const char *value, char error[SETTINGS_ERROR]);

/*
 * The command line: letters of the table, and -o name[=value].  Stops at the
 * first operand, whose index it returns; -1 with error.  An option that is
 * given again replaces the value, but for lists, to which it adds.
 */
int settings_command_line(const struct setting *table, void *values, int argc,
    char *const argv[], char error[SETTINGS_ERROR]);

/*
 * A file: one "name value" a line, "#" begins a comment line, blank lines are
 * passed over.  error names file and line.
 */
int settings_file(const struct setting *table, void *values, const char *path,
    char error[SETTINGS_ERROR]);

/* All of them as such a file. */
void settings_print(const struct setting *table, const void *values, FILE *out);

/* One line a setting: letter, name, argument, help, default. */
void settings_usage(const struct setting *table, FILE *out);

#endif
