/* SPDX-License-Identifier: ISC */
/* Split a command line into words, without a shell. */
#ifndef CLIENT_SETTINGS_COMMAND_WORDS_H
#define CLIENT_SETTINGS_COMMAND_WORDS_H

#include <stddef.h>

/* The argv of execvp(3). */
struct command_words {
	char **items; /* owned, with the words; a NULL follows the last */
	size_t count;
};

/*
 * Split text at blanks, tabs and newlines.  Single and double quotes protect
 * the characters between them, anywhere in a word; nothing else is special.
 * Returns 0.  If a quote is not closed, there is no word, or there is no
 * memory, returns -1 with *reason (a constant).
 */
int command_words_split(
    struct command_words *words, const char *text, const char **reason);
void command_words_release(struct command_words *words);

#endif
