/* SPDX-License-Identifier: ISC */
/* The width of the terminal, and of text on it. */
#include "client/display/terminal.h"

#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "common/os.h"
#include "common/quantity.h"

/* Larger values are not plausible. */
#define COLUMNS_MAX 10000

/* Assumed for a character of unknown width. */
#define WIDEST 2

void
terminal_init(struct terminal *terminal, int fd)
{
	locale_t none = (locale_t)0;
	locale_t locale = newlocale(LC_CTYPE_MASK, "", none);

	if (locale != none &&
	    strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") != 0) {
		freelocale(locale);
		locale = none;
	}
	*terminal = (struct terminal){fd, isatty(fd), TEXT_UTF8, locale};
	if (terminal->is_one && locale == none)
		terminal->set = TEXT_ASCII;
}

void
terminal_release(struct terminal *terminal)
{
	if (terminal->locale != (locale_t)0)
		freelocale(terminal->locale);
	terminal->locale = (locale_t)0;
}

size_t
terminal_columns(const struct terminal *terminal)
{
	const char *variable = getenv("COLUMNS");
	uint64_t columns = os_terminal_columns(terminal->fd);

	if (columns == 0 && variable != NULL &&
	    quantity_parse(variable, QUANTITY_NUMBER, &columns) == -1)
		columns = 0;
	return columns == 0 || columns > COLUMNS_MAX ? TERMINAL_COLUMNS
						     : (size_t)columns;
}

/* The width of one character beyond ASCII. */
static size_t
width_of(const struct terminal *terminal, const char *text, size_t length)
{
	locale_t before;
	mbstate_t state;
	wchar_t character;
	int width = -1;

	if (terminal->locale == (locale_t)0)
		return WIDEST;
	memset(&state, 0, sizeof(state));
	before = uselocale(terminal->locale);
	if (mbrtowc(&character, text, length, &state) == length)
		width = wcwidth(character);
	uselocale(before);
	return width < 0 ? WIDEST : (size_t)width;
}

/* Returns the length of the first character or escape, and its *columns. */
static size_t
measure_unit(const struct terminal *terminal, const char *text, size_t *columns)
{
	uint32_t character;
	size_t length;

	if (text[0] == '\\') {
		length = text[1] == 'x' ? 4 : 2;
		return *columns = strnlen(text, length);
	}
	length = text_decode(text, strlen(text), &character);
	*columns = length <= 1 ? 1 : width_of(terminal, text, length);
	return length == 0 ? 1 : length;
}

size_t
terminal_width(const struct terminal *terminal, const char *text)
{
	size_t width = 0, columns;

	while (*text != '\0') {
		text += measure_unit(terminal, text, &columns);
		width += columns;
	}
	return width;
}

void
terminal_cut(const struct terminal *terminal, char *text, size_t columns)
{
	static const char dots[] = "...";
	size_t width = terminal_width(terminal, text), unit;
	size_t marked = columns > sizeof(dots) ? sizeof(dots) - 1 : 0;
	const char *rest = text;

	if (width <= columns)
		return;
	while (width > columns - marked) {
		rest += measure_unit(terminal, rest, &unit);
		width -= unit;
	}
	/* Combining characters go with the character before them. */
	while (*rest != '\0') {
		size_t length = measure_unit(terminal, rest, &unit);

		if (unit > 0)
			break;
		rest += length;
	}
	/* The dots fit: each removed column had at least one byte. */
	memmove(text + marked, rest, strlen(rest) + 1);
	memcpy(text, dots, marked);
}
