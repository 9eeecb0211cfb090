/* SPDX-License-Identifier: ISC */
/* A command line split into its words, without a shell. */
#ifndef CLIENT_WORDS_H
#define CLIENT_WORDS_H

#include <stddef.h>

/* As execvp(3) wants them. */
struct words {
	char **items; /* owned, with the words; a NULL follows the last */
	size_t count;
};

/*
 * Split at blanks, tabs and newlines.  Single and double quotes keep what is
 * between them, and may be a part of a word; nothing else is special.  Returns
 * 0; or -1 with *reason (a constant), if a quote does not end, there is no
 * word, or no memory.
 */
int words_split(struct words *words, const char *text, const char **reason);
void words_release(struct words *words);

#endif
