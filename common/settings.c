/* SPDX-License-Identifier: ISC */
/* Settings by name: check, convert and store their values. */
#include "common/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/quantity.h"
#include "common/text.h"

/* Size of a value in a message, and of the list of similar names. */
#define SHOWN 160

/* The largest value that the table accepts and the member can hold. */
static uint64_t
highest(const struct setting *setting)
{
	if (setting->kind == SETTING_TIME && setting->high > INT64_MAX)
		return INT64_MAX;
	return setting->high;
}

int
settings_fail(char error[SETTINGS_ERROR], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(error, SETTINGS_ERROR, format, arguments) < 0)
		error[0] = '\0';
	va_end(arguments);
	return -1;
}

static const char *
show(char buffer[SHOWN], const char *value)
{
	return text_escape(buffer, SHOWN, value, strlen(value), TEXT_UTF8);
}

static void *
member_of(const struct setting *setting, void *values)
{
	return (char *)values + setting->offset;
}

static const struct setting *
find_name(const struct setting *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static enum quantity_kind
quantity_of(const struct setting *setting)
{
	return setting->kind == SETTING_TIME ? QUANTITY_TIME : QUANTITY_NUMBER;
}

static int
fail_quantity(const struct setting *setting, const char *text,
    const char *wrong, char error[SETTINGS_ERROR])
{
	enum quantity_kind kind = quantity_of(setting);
	char shown[SHOWN], low[QUANTITY_TEXT], high[QUANTITY_TEXT];

	show(shown, text);
	quantity_print(low, kind, setting->low);
	if (setting->high >= INT64_MAX)
		return settings_fail(error,
		    "%s: \"%s\" is %s; accepted: %s or more", setting->name,
		    shown, wrong, low);
	quantity_print(high, kind, setting->high);
	return settings_fail(error, "%s: \"%s\" is %s; accepted: %s to %s",
	    setting->name, shown, wrong, low, high);
}

static int
convert_quantity(const struct setting *setting, const char *text,
    uint64_t *value, char error[SETTINGS_ERROR])
{
	enum quantity_kind kind = quantity_of(setting);
	int status = quantity_parse(text, kind, value);

	if (status != 0 && errno == EINVAL)
		return fail_quantity(setting, text,
		    kind == QUANTITY_TIME ? "not a time" : "not a number",
		    error);
	if (status != 0 || *value < setting->low || *value > highest(setting))
		return fail_quantity(setting, text, "out of range", error);
	return 0;
}

static int
convert_flag(const struct setting *setting, const char *text, uint64_t *value,
    char error[SETTINGS_ERROR])
{
	char shown[SHOWN];

	*value = strcmp(text, "yes") == 0;
	if (*value == 1 || strcmp(text, "no") == 0)
		return 0;
	return settings_fail(error, "%s: \"%s\" is neither yes nor no",
	    setting->name, show(shown, text));
}

/* Check a text; for a flag, a number or a time, also set *value. */
static int
convert(const struct setting *setting, const char *text, uint64_t *value,
    char error[SETTINGS_ERROR])
{
	const char *reason;
	char shown[SHOWN];

	*value = 0;
	if (setting->kind == SETTING_FLAG &&
	    convert_flag(setting, text, value, error) != 0)
		return -1;
	if ((setting->kind == SETTING_NUMBER ||
		setting->kind == SETTING_TIME) &&
	    convert_quantity(setting, text, value, error) != 0)
		return -1;
	if (setting->check == NULL || setting->check(text, &reason) == 0)
		return 0;
	return settings_fail(error, "%s: \"%s\" is not accepted: %s",
	    setting->name, show(shown, text), reason);
}

static void
release_list(struct setting_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	memset(list, 0, sizeof *list);
}

/* If it returns 0, the list owns item. */
static int
add_item(struct setting_list *list, char *item)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof *items);

	if (items == NULL)
		return -1;
	list->items = items;
	items[list->count++] = item;
	return 0;
}

static int
store_text(const struct setting *setting, void *member, const char *text)
{
	char **held = member;
	char *copy = strdup(text);

	if (copy == NULL)
		return -1;
	if (setting->kind == SETTING_TEXT) {
		free(*held);
		*held = copy;
		return 0;
	}
	if (add_item(member, copy) == 0)
		return 0;
	free(copy);
	return -1;
}

/* Store a converted value in its member.  Returns 0, or -1 with errno. */
static int
store(const struct setting *setting, void *member, const char *text,
    uint64_t value)
{
	switch (setting->kind) {
	case SETTING_FLAG:
		*(int *)member = (int)value;
		return 0;
	case SETTING_NUMBER:
		*(uint64_t *)member = value;
		return 0;
	case SETTING_TIME:
		*(int64_t *)member = (int64_t)value;
		return 0;
	case SETTING_TEXT:
	case SETTING_LIST:
		break;
	}
	return store_text(setting, member, text);
}

int
settings_init(const struct setting *table, void *values)
{
	char error[SETTINGS_ERROR];

	for (; table->name != NULL; table++) {
		uint64_t value;
		void *member = member_of(table, values);

		if (table->initial == NULL)
			continue;
		if (convert(table, table->initial, &value, error) != 0) {
			errno = EINVAL;
			return -1;
		}
		if (store(table, member, table->initial, value) != 0)
			return -1;
	}
	return 0;
}

void
settings_release(const struct setting *table, void *values)
{
	for (; table->name != NULL; table++) {
		void *member = member_of(table, values);

		if (table->kind == SETTING_LIST)
			release_list(member);
		if (table->kind == SETTING_TEXT) {
			free(*(char **)member);
			*(char **)member = NULL;
		}
	}
}

/*
 * Nonzero if at most this many edits turn a into b.  An edit inserts, removes
 * or replaces a letter, or swaps two neighbours.
 */
static int
within_edits(const char *a, const char *b, int edits)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 1;
	if (edits == 0)
		return 0;
	if (*a != '\0' && within_edits(a + 1, b, edits - 1))
		return 1;
	if (*b != '\0' && within_edits(a, b + 1, edits - 1))
		return 1;
	if (*a == '\0' || *b == '\0')
		return 0;
	if (within_edits(a + 1, b + 1, edits - 1))
		return 1;
	return a[0] == b[1] && a[1] == b[0] &&
	    within_edits(a + 2, b + 2, edits - 1);
}

static int
is_close(const char *name, const char *known)
{
	size_t length = strlen(name), same = 0;

	while (same < length && name[same] == known[same])
		same++;
	if (same >= 4 || (same == 3 && length == 3))
		return 1;
	return within_edits(name, known, strlen(known) < 6 ? 1 : 2);
}

static int
fail_unknown(
    const struct setting *table, const char *name, char error[SETTINGS_ERROR])
{
	char shown[SHOWN], close[SHOWN];
	size_t length = 0;

	show(shown, name);
	for (; table->name != NULL; table++) {
		size_t more = strlen(table->name) + strlen(", ");

		if (!is_close(name, table->name) || length + more >= SHOWN)
			continue;
		snprintf(close + length, more + 1, "%s%s",
		    length > 0 ? ", " : "", table->name);
		length = strlen(close);
	}
	if (length == 0)
		return settings_fail(
		    error, "\"%s\" is no setting; -h lists them", shown);
	return settings_fail(
	    error, "\"%s\" is no setting; close to it: %s", shown, close);
}

int
settings_set(const struct setting *table, void *values, const char *name,
    const char *value, char error[SETTINGS_ERROR])
{
	const struct setting *setting = find_name(table, name);
	uint64_t number;

	if (setting == NULL)
		return fail_unknown(table, name, error);
	if (value == NULL && setting->kind == SETTING_FLAG)
		value = "yes";
	if (value == NULL || *value == '\0')
		return settings_fail(error, "%s needs a value: %s",
		    setting->name,
		    setting->argument != NULL ? setting->argument
					      : "yes or no");
	if (convert(setting, value, &number, error) != 0)
		return -1;
	if (store(setting, member_of(setting, values), value, number) != 0)
		return settings_fail(
		    error, "%s: %s", setting->name, strerror(errno));
	return 0;
}
