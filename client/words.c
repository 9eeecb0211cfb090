/* SPDX-License-Identifier: ISC */
/* A command line split into its words, without a shell. */
#include "client/words.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\n"

/*
 * Copy one word, without its quotes.  Returns what follows it, or NULL if a
 * quote does not end.
 */
static const char *
copy_word(char *out, const char *text)
{
	char quote = '\0';

	for (; *text != '\0'; text++) {
		if (quote != '\0' && *text == quote)
			quote = '\0';
		else if (quote == '\0' && (*text == '"' || *text == '\''))
			quote = *text;
		else if (quote == '\0' && strchr(BLANKS, *text) != NULL)
			break;
		else
			*out++ = *text;
	}
	*out = '\0';
	return quote == '\0' ? text : NULL;
}

static int
add_word(struct words *words, const char *word)
{
	char **items =
	    realloc(words->items, (words->count + 2) * sizeof(*words->items));

	if (items == NULL)
		return -1;
	words->items = items;
	items[words->count] = strdup(word);
	items[words->count + 1] = NULL;
	return items[words->count++] != NULL ? 0 : -1;
}

int
words_split(struct words *words, const char *text, const char **reason)
{
	char *word = malloc(strlen(text) + 1);

	*words = (struct words){NULL, 0};
	*reason = "out of memory";
	if (word == NULL)
		return -1;
	for (text += strspn(text, BLANKS); *text != '\0';
	     text += strspn(text, BLANKS)) {
		text = copy_word(word, text);
		if (text == NULL) {
			*reason = "a quote in it does not end";
			goto fail;
		}
		if (add_word(words, word) == -1)
			goto fail;
	}
	*reason = "a command is not empty";
	if (words->count == 0 || words->items[0][0] == '\0')
		goto fail;
	free(word);
	return 0;
fail:
	free(word);
	words_release(words);
	return -1;
}

void
words_release(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
	*words = (struct words){NULL, 0};
}
