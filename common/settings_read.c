/* SPDX-License-Identifier: ISC */
/* Read settings from the command line and from a file. */
#include "common/settings_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

/* Size of a path or an option in a message. */
#define SHOWN 160

/* Size of ":o:", each letter and digit with its colon, and a NUL. */
#define LETTERS (62 * 2 + 4)

static const struct setting *
find_letter(const struct setting *table, int letter)
{
	for (; table->name != NULL; table++)
		if (table->letter != 0 && table->letter == letter)
			return table;
	return NULL;
}

/*
 * The leading colon makes getopt(3) return ':' for a missing argument and '?'
 * for an unknown letter.
 */
static void
list_letters(const struct setting *table, char letters[LETTERS])
{
	size_t length = (size_t)snprintf(letters, LETTERS, ":o:");

	for (; table->name != NULL && length + 2 < LETTERS; table++) {
		if (table->letter == 0)
			continue;
		letters[length++] = table->letter;
		if (table->kind != SETTING_FLAG)
			letters[length++] = ':';
	}
	letters[length] = '\0';
}

/* "name" or "name=value". */
static int
set_pair(const struct setting *table, void *values, const char *pair,
    char error[SETTINGS_ERROR])
{
	size_t length = strcspn(pair, "=");
	const char *value = pair[length] == '=' ? pair + length + 1 : NULL;
	char *name;
	int result;

	if (length == 0)
		return settings_fail(
		    error, "-o needs a name before any =: name[=value]");
	name = strndup(pair, length);
	if (name == NULL)
		return settings_fail(error, "-o: %s", strerror(errno));
	result = settings_set(table, values, name, value, error);
	free(name);
	return result;
}

/* result is the return value of getopt(3) for an option in argument. */
static int
fail_option(const struct setting *table, int result, const char *argument,
    char error[SETTINGS_ERROR])
{
	const char letter = (char)optopt;
	const struct setting *setting = find_letter(table, letter);
	char shown[SHOWN];

	/* A long option, not a group of letters. */
	if (strncmp(argument, "--", 2) == 0)
		return settings_fail(error, "%s is no option; -h lists them",
		    text_escape(shown, sizeof shown, argument, strlen(argument),
			TEXT_UTF8));
	if (result != ':' || (setting == NULL && letter != 'o'))
		return settings_fail(error, "-%s is no option; -h lists them",
		    text_escape(shown, sizeof shown, &letter, 1, TEXT_UTF8));
	return settings_fail(error, "-%c needs a value: %s", letter,
	    setting == NULL ? "name[=value]" : setting->name);
}

static int
set_option(const struct setting *table, void *values, int letter,
    const char *argument, char error[SETTINGS_ERROR])
{
	const struct setting *setting = find_letter(table, letter);

	if (letter == 'o')
		return set_pair(table, values, optarg, error);
	if (setting == NULL)
		return fail_option(table, letter, argument, error);
	return settings_set(table, values, setting->name,
	    setting->kind == SETTING_FLAG ? NULL : optarg, error);
}

/*
 * getopt(3) may keep a pointer into the last argument that it read.  Move that
 * pointer to static memory, so that the caller may free its arguments.
 */
static void
forget_arguments(void)
{
	static char program[] = "", option[] = "-o";
	char *const arguments[] = {program, option, NULL};

	optind = 1;
	while (getopt(2, arguments, "o") != -1)
		continue;
}

int
settings_command_line(const struct setting *table, void *values, int argc,
    char *const argv[], char error[SETTINGS_ERROR])
{
	char letters[LETTERS];
	int letter, argument = 1, operand, result = 0;

	list_letters(table, letters);
	opterr = 0;
	optind = 1;
	/* After an error, continue: getopt(3) must not stop in an argument. */
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (result == 0)
			result = set_option(
			    table, values, letter, argv[argument], error);
		argument = optind;
	}
	operand = optind;
	forget_arguments();
	return result == 0 ? operand : -1;
}

/* Set the value of one line, which is modified. */
static int
set_line(const struct setting *table, void *values, char *line,
    char error[SETTINGS_ERROR])
{
	const char *blanks = " \t\r\n";
	char *name = line + strspn(line, blanks), *value;
	size_t length = strlen(name);

	while (length > 0 && strchr(blanks, name[length - 1]) != NULL)
		length--;
	name[length] = '\0';
	if (*name == '\0' || *name == '#')
		return 0;
	value = name + strcspn(name, blanks);
	if (*value == '\0')
		return settings_set(table, values, name, NULL, error);
	*value++ = '\0';
	value += strspn(value, blanks);
	return settings_set(table, values, name, value, error);
}

/* Returns 0, or -1 with error, which does not name the file. */
static int
set_lines(const struct setting *table, void *values, FILE *file,
    char error[SETTINGS_ERROR])
{
	char reason[SETTINGS_ERROR], *line = NULL;
	size_t size = 0;
	ssize_t length;
	int result = 0;

	for (long number = 1; result == 0; number++) {
		length = getline(&line, &size, file);
		if (length == -1)
			break;
		if (strlen(line) != (size_t)length)
			result = settings_fail(reason, "a NUL byte");
		else
			result = set_line(table, values, line, reason);
		if (result != 0)
			settings_fail(error, "%ld: %s", number, reason);
	}
	if (result == 0 && !feof(file))
		result = settings_fail(error, " %s", strerror(errno));
	free(line);
	return result;
}

int
settings_file(const struct setting *table, void *values, const char *path,
    char error[SETTINGS_ERROR])
{
	char reason[SETTINGS_ERROR], shown[SHOWN];
	FILE *file = fopen(path, "r");
	int result;

	text_escape(shown, sizeof shown, path, strlen(path), TEXT_UTF8);
	if (file == NULL)
		return settings_fail(error, "%s: %s", shown, strerror(errno));
	result = set_lines(table, values, file, reason);
	if (result != 0)
		settings_fail(error, "%s:%s", shown, reason);
	fclose(file);
	return result;
}
