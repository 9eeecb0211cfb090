/* SPDX-License-Identifier: ISC */
/* Where people read: how wide it is, and how wide what stands there is. */
#ifndef CLIENT_DISPLAY_TERMINAL_H
#define CLIENT_DISPLAY_TERMINAL_H

#include <locale.h>
#include <stddef.h>

#include "common/text.h"

struct terminal {
	int fd;
	int is_one;	   /* or else a file, a pipe, ... */
	enum text_set set; /* what may be shown there */
	locale_t locale;   /* owned; 0 unless the user's is one of UTF-8 */
};

/*
 * The locale is only asked about characters, and is that of no other part of
 * the program.  A terminal in another one than of UTF-8 is shown ASCII.
 */
void terminal_init(struct terminal *terminal, int fd);
void terminal_release(struct terminal *terminal);

/*
 * How many columns it has now, where COLUMNS says how many if nothing else
 * does, and TERMINAL_COLUMNS if that does not.
 */
#define TERMINAL_COLUMNS 80
size_t terminal_columns(const struct terminal *terminal);

/* How many columns a text that was escaped takes. */
size_t terminal_width(const struct terminal *terminal, const char *text);

/*
 * Cut such a text in its place, and between characters or escapes, to so many
 * columns.  What is kept of it is its end, behind "..." if there is room.
 */
void terminal_cut(const struct terminal *terminal, char *text, size_t columns);

#endif
