/* SPDX-License-Identifier: ISC */
/* A command line split into its words, without a shell. */
#ifndef CLIENT_SETTINGS_COMMAND_WORDS_H
#define CLIENT_SETTINGS_COMMAND_WORDS_H

#include <stddef.h>

/* As execvp(3) wants them. */
struct command_words {
	char **items; /* owned, with the words; a NULL follows the last */
	size_t count;
};

/*
 * Split at blanks, tabs and newlines.  Single and double quotes keep what is
 * between them, and may be a part of a word; nothing else is special.  Returns
 * 0; or -1 with *reason (a constant), if a quote does not end, there is no
 * word, or no memory.
 */
int command_words_split(
    struct command_words *words, const char *text, const char **reason);
void command_words_release(struct command_words *words);

#endif
