/* SPDX-License-Identifier: ISC */
/* Split a command line into words, without a shell. */
#include "client/settings/command_words.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\n"

/*
 * Copy one word without its quotes, and advance *out past it.  Returns the text
 * after the word, or NULL if a quote is not closed.
 */
static const char *
copy_word(char **out, const char *text)
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
			*(*out)++ = *text;
	}
	*(*out)++ = '\0';
	return quote == '\0' ? text : NULL;
}

int
command_words_split(
    struct command_words *words, const char *text, const char **reason)
{
	/* Each word but the last takes at least two bytes of the text. */
	size_t length = strlen(text), most = length / 2 + 1;
	char *out;

	*reason = "out of memory";
	*words = (struct command_words){
	    malloc((most + 1) * sizeof(*words->items) + length + 1), 0};
	if (words->items == NULL)
		return -1;
	out = (char *)(words->items + most + 1);
	for (text += strspn(text, BLANKS); *text != '\0';
	     text += strspn(text, BLANKS)) {
		words->items[words->count++] = out;
		text = copy_word(&out, text);
		if (text == NULL) {
			command_words_release(words);
			*reason = "a quote in it does not end";
			return -1;
		}
	}
	words->items[words->count] = NULL;
	if (words->count > 0 && words->items[0][0] != '\0')
		return 0;
	command_words_release(words);
	*reason = "a command is not empty";
	return -1;
}

void
command_words_release(struct command_words *words)
{
	free(words->items);
	*words = (struct command_words){NULL, 0};
}
