/* SPDX-License-Identifier: ISC */
/* The width of the terminal, and of text on it. */
#ifndef CLIENT_DISPLAY_TERMINAL_H
#define CLIENT_DISPLAY_TERMINAL_H

#include <locale.h>
#include <stddef.h>

#include "common/text.h"

struct terminal {
	int fd;
	int is_one;	   /* a terminal, not a file or a pipe */
	enum text_set set; /* characters that need no escape */
	locale_t locale;   /* the user's if it is UTF-8, else 0; owned */
};

/*
 * The user's locale is used only to find widths.  On a terminal whose locale is
 * not UTF-8, only ASCII is shown.
 */
void terminal_init(struct terminal *terminal, int fd);
void terminal_release(struct terminal *terminal);

/*
 * The width of the terminal now.  If the system does not report it, use the
 * environment variable COLUMNS, or else TERMINAL_COLUMNS.
 */
#define TERMINAL_COLUMNS 80
size_t terminal_columns(const struct terminal *terminal);

/* The width of an escaped text, in columns. */
size_t terminal_width(const struct terminal *terminal, const char *text);

/*
 * Cut an escaped text in place to fit columns.  Cut it only between characters
 * or escapes.  Keep the end of the text, after "..." if there is room.
 */
void terminal_cut(const struct terminal *terminal, char *text, size_t columns);

#endif
