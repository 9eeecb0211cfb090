/* SPDX-License-Identifier: ISC */
/* Settings by name: one table defines names, letters, defaults and checks. */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

/* The kind of a value, and the C type of the member that holds it. */
enum setting_kind {
	SETTING_FLAG,	/* int: yes or no; the bare name means yes */
	SETTING_NUMBER, /* uint64_t: digits; K, M, G, T: powers of 1024 */
	SETTING_TIME,	/* int64_t, milliseconds: digits with s, m, h or d */
	SETTING_TEXT,	/* char *: any text, owned by the values */
	SETTING_LIST	/* struct setting_list: may be given repeatedly */
};

struct setting_list {
	char **items; /* owned */
	size_t count;
};

/* Size of a message to the user that explains why a value is rejected. */
#define SETTINGS_ERROR 512

/* One entry of a table.  The last entry of a table has the name NULL. */
struct setting {
	const char *name;
	char letter; /* of the short option, or 0 */
	enum setting_kind kind;
	size_t offset;	     /* of the member in the values */
	const char *initial; /* as text, or NULL: 0, NULL, empty */
	uint64_t low, high;  /* range of a NUMBER or a TIME (in ms) */
	/*
	 * A further check of the text, or NULL.  Returns 0, or -1 with a
	 * constant in *reason that names the accepted values.
	 */
	int (*check)(const char *value, const char **reason);
	const char *argument; /* for the usage: "address[:port]"; NULL: none */
	const char *help;     /* one line for the usage */
};

/* Format error like printf.  Returns -1, for the caller to return. */
int settings_fail(char error[SETTINGS_ERROR], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Set values (zeroed memory) to the defaults of the table.  Returns 0, or -1
 * with errno if there is no memory.
 */
int settings_init(const struct setting *table, void *values);

/* Free the texts and lists that values own. */
void settings_release(const struct setting *table, void *values);

/*
 * Set one by name.  value is NULL if the name was given alone.  Returns 0, or
 * -1 with error, which is printable for all bytes in name and value.
 */
int settings_set(const struct setting *table, void *values, const char *name,
    const char *value, char error[SETTINGS_ERROR]);

#endif
