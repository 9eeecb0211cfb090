/* SPDX-License-Identifier: ISC */
/* Print settings as a file, and as the usage. */
#include "common/settings_print.h"

#include <string.h>

#include "common/quantity.h"
#include "common/text.h"

/* Size of an escaped value in a comment. */
#define SHOWN 160

/* Size of "name=argument". */
#define NAME_SIZE 64

/* Nonzero if settings_file would read the same value from the line. */
static int
fits_line(const char *value)
{
	size_t length = strlen(value);

	if (value[0] == ' ' || value[length - 1] == ' ')
		return 0;
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return 0;
	return 1;
}

static void
print_text(const struct setting *setting, const char *value, FILE *out)
{
	char shown[SHOWN];

	if (value == NULL)
		fprintf(out, "# %s is not set\n", setting->name);
	else if (fits_line(value))
		fprintf(out, "%s %s\n", setting->name, value);
	else
		fprintf(out, "# %s is no line of a file: \"%s\"\n",
		    setting->name,
		    text_escape(
			shown, sizeof shown, value, strlen(value), TEXT_UTF8));
}

static void
print_list(
    const struct setting *setting, const struct setting_list *list, FILE *out)
{
	if (list->count == 0)
		print_text(setting, NULL, out);
	for (size_t i = 0; i < list->count; i++)
		print_text(setting, list->items[i], out);
}

static void
print_quantity(const struct setting *setting, enum quantity_kind kind,
    uint64_t value, FILE *out)
{
	char number[QUANTITY_TEXT];

	print_text(setting, quantity_print(number, kind, value), out);
}

static void
print_setting(const struct setting *setting, const void *value, FILE *out)
{
	switch (setting->kind) {
	case SETTING_FLAG:
		print_text(setting, *(const int *)value ? "yes" : "no", out);
		break;
	case SETTING_NUMBER:
		print_quantity(
		    setting, QUANTITY_NUMBER, *(const uint64_t *)value, out);
		break;
	case SETTING_TIME:
		/* The range of a time has no negative values. */
		print_quantity(
		    setting, QUANTITY_TIME, *(const uint64_t *)value, out);
		break;
	case SETTING_TEXT:
		print_text(setting, *(char *const *)value, out);
		break;
	case SETTING_LIST:
		print_list(setting, value, out);
		break;
	}
}

void
settings_print(const struct setting *table, const void *values, FILE *out)
{
	const char *bytes = values;

	for (; table->name != NULL; table++)
		print_setting(table, bytes + table->offset, out);
}

void
settings_usage(const struct setting *table, FILE *out)
{
	for (; table->name != NULL; table++) {
		const char *argument = table->argument;
		char name[NAME_SIZE];

		snprintf(name, sizeof name, "%s%s%s", table->name,
		    argument != NULL ? "=" : "",
		    argument != NULL ? argument : "");
		fprintf(out, "  %c%c  %-29s %s", table->letter != 0 ? '-' : ' ',
		    table->letter != 0 ? table->letter : ' ', name,
		    table->help);
		if (table->initial != NULL)
			fprintf(out, " (%s)", table->initial);
		fprintf(out, "\n");
	}
}
