/* SPDX-License-Identifier: ISC */
/* Print bytes and numbers safely and readably. */
#include "common/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * The length of a UTF-8 character and the range of its second byte, by its
 * first byte.  Other bytes are 0x80 to 0xbf.  Source: RFC 3629, section 4.
 */
static const struct form {
	uint8_t first_low, first_high, second_low, second_high;
	uint8_t length;
} forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* Characters that control the terminal or the direction of writing. */
static const struct {
	uint32_t low, high;
} unsafe[] = {
    {0x80, 0x9f},     /* C1 controls, like ESC with a letter */
    {0x61c, 0x61c},   /* Arabic letter mark */
    {0x200e, 0x200f}, /* direction marks */
    {0x2028, 0x202e}, /* line and paragraph separators; bidi embedding */
    {0x2066, 0x206f}, /* bidi isolates, and deprecated controls */
};

static const struct form *
form_of(uint8_t first)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (first >= forms[i].first_low && first <= forms[i].first_high)
			return &forms[i];
	return NULL;
}

static int
is_unsafe(uint32_t character)
{
	for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
		if (character >= unsafe[i].low && character <= unsafe[i].high)
			return 1;
	return 0;
}

size_t
text_decode(const void *bytes, size_t length, uint32_t *character)
{
	const uint8_t *in = bytes;
	const struct form *form = form_of(in[0]);

	*character = in[0];
	if (in[0] < 0x80)
		return 1;
	if (form == NULL || length < form->length || in[1] < form->second_low ||
	    in[1] > form->second_high)
		return 0;
	*character &= 0xffU >> (form->length + 1);
	for (size_t i = 1; i < form->length; i++) {
		if ((in[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (in[i] & 0x3fU);
	}
	return form->length;
}

/* The length of a non-ASCII character that is safe to print, or 0. */
static size_t
utf8_length(const uint8_t *in, size_t length)
{
	uint32_t character;
	size_t taken = text_decode(in, length, &character);

	return is_unsafe(character) ? 0 : taken;
}

size_t
text_plain(const void *bytes, size_t length, enum text_set set)
{
	const uint8_t *in = bytes;

	if (in[0] == '\\' || in[0] < 0x20 || in[0] == 0x7f ||
	    (in[0] == '"' && set == TEXT_LOG))
		return 0;
	if (in[0] < 0x80)
		return 1;
	return set != TEXT_ASCII ? utf8_length(in, length) : 0;
}

char *
text_escape(char *buffer, size_t size, const void *bytes, size_t length,
    enum text_set set)
{
	const uint8_t *in = bytes;
	const size_t mark = set == TEXT_LOG ? strlen(TEXT_CUT) : 0;
	char escape[5];
	const void *piece;
	size_t taken, made, filled = 0, fits = 0;

	for (; length > 0; in += taken, length -= taken) {
		taken = text_plain(in, length, set);
		made = taken;
		piece = in;
		if (taken == 0) {
			taken = 1;
			made = (size_t)snprintf(escape, sizeof escape,
			    in[0] == '\\' ? "\\\\" : "\\x%02x", in[0]);
			piece = escape;
		}
		if (made >= size - filled)
			break;
		memcpy(buffer + filled, piece, made);
		filled += made;
		if (filled + mark < size)
			fits = filled;
	}
	if (length > 0 && mark > 0 && mark < size) {
		memcpy(buffer + fits, TEXT_CUT, mark);
		filled = fits + mark;
	}
	buffer[filled] = '\0';
	return buffer;
}

/* value / unit, rounded to the nearest. */
static uint64_t
divide(uint64_t value, uint64_t unit)
{
	return value / unit + (value % unit >= unit - unit / 2);
}

/* Up to three significant digits: "4.7 GB", "41.0 MB", "115 MB". */
char *
text_size(char *buffer, uint64_t bytes)
{
	const char *prefix = "kMGTPE";
	uint64_t unit = 1000, tenths;

	if (bytes < unit) {
		snprintf(buffer, TEXT_NUMBER, "%d B", (int)bytes);
		return buffer;
	}
	while (prefix[1] != '\0' && divide(bytes, unit) >= 1000) {
		unit *= 1000;
		prefix++;
	}
	tenths = divide(bytes, unit / 10);
	if (tenths < 1000)
		snprintf(buffer, TEXT_NUMBER, "%d.%d %cB", (int)tenths / 10,
		    (int)tenths % 10, *prefix);
	else
		snprintf(buffer, TEXT_NUMBER, "%d %cB",
		    (int)divide(bytes, unit), *prefix);
	return buffer;
}

char *
text_duration(char *buffer, int64_t milliseconds)
{
	uint64_t given = milliseconds > 0 ? (uint64_t)milliseconds : 0;
	uint64_t tenths = divide(given, 100), seconds = divide(given, 1000);
	uint64_t hours = seconds / 3600;
	int rest = (int)(seconds % 60), minutes = (int)(seconds / 60 % 60);

	if (tenths < 100)
		snprintf(buffer, TEXT_NUMBER, "%d.%d s", (int)tenths / 10,
		    (int)tenths % 10);
	else if (seconds < 60)
		snprintf(buffer, TEXT_NUMBER, "%d s", rest);
	else if (hours == 0)
		snprintf(buffer, TEXT_NUMBER, "%d:%02d", minutes, rest);
	else
		snprintf(buffer, TEXT_NUMBER, "%" PRIu64 ":%02d:%02d", hours,
		    minutes, rest);
	return buffer;
}
