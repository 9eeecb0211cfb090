/* SPDX-License-Identifier: ISC */
/* Fuzz the parsers of targets, of commands, and of ftx's command line. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/settings/command_words.h"
#include "client/settings/options.h"
#include "client/settings/target.h"
#include "common/wire.h"
#include "tests/fuzz/fuzz.h"

#define LONGEST 8192

static int
is_shown_safely(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return 0;
	return 1;
}

/* No empty or "." component is left, and the check of the path agrees. */
static void
check_path(const struct target *target)
{
	const char *reason;
	size_t length = target_directory(target, &reason);

	fuzz_check(target->path[0] != '/');
	fuzz_check(strstr(target->path, "//") == NULL);
	fuzz_check(strncmp(target->path, "./", 2) != 0);
	fuzz_check(strstr(target->path, "/./") == NULL);
	fuzz_check(length <= strlen(target->path));
	fuzz_check((reason == NULL) ==
	    (wire_check_path(target->path, length) == NULL));
}

static void
check_target(const char *text)
{
	char error[TARGET_ERROR] = "", shown[TARGET_ERROR];
	struct target target;

	if (target_parse(&target, text, error) == -1) {
		fuzz_check(error[0] != '\0' && is_shown_safely(error));
		return;
	}
	fuzz_check(target_is_remote(text) || text[0] == '[');
	fuzz_check(target.host[0] != '\0' && is_shown_safely(target.shown));
	fuzz_check(is_shown_safely(target_show(&target, shown)));
	check_path(&target);
	target_release(&target);
}

static void
check_options(const struct command_words *words)
{
	char error[SETTINGS_ERROR] = "";
	struct options options;
	int operand;

	memset(&options, 0, sizeof(options));
	operand =
	    options_read(&options, (int)words->count, words->items, error);
	if (operand == -1)
		fuzz_check(error[0] != '\0' && is_shown_safely(error));
	else
		fuzz_check(operand <= (int)words->count);
	options_release(&options);
}

/* The words have no more bytes than the text. */
static void
check_words(const char *text)
{
	struct command_words words;
	const char *reason = NULL;
	size_t length = 0;

	if (command_words_split(&words, text, &reason) == -1) {
		fuzz_check(reason != NULL && words.count == 0);
		return;
	}
	for (size_t i = 0; i < words.count; i++)
		length += strlen(words.items[i]);
	fuzz_check(length <= strlen(text));
	fuzz_check(words.items[words.count] == NULL);
	check_options(&words);
	command_words_release(&words);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[LONGEST + 1];

	if (size > LONGEST)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_target(text);
	check_words(text);
	return 0;
}
