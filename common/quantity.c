/* SPDX-License-Identifier: ISC */
/* Quantities with a unit: digits and a letter. */
#include "common/quantity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Sorted from the largest; the last is for digits without a letter. */
struct unit {
	char letter;
	uint64_t factor;
};

static const struct unit sizes[] = {
    {'T', (uint64_t)1 << 40},
    {'G', 1 << 30},
    {'M', 1 << 20},
    {'K', 1 << 10},
    {'\0', 1},
};

static const struct unit times[] = {
    {'d', 24 * 60 * 60 * 1000},
    {'h', 60 * 60 * 1000},
    {'m', 60 * 1000},
    {'s', 1000},
    {'\0', 1000},
};

static const struct unit *
units_of(enum quantity_kind kind)
{
	return kind == QUANTITY_TIME ? times : sizes;
}

/* Parse the digits up to end.  Returns 0, or -1 if they exceed 64 bits. */
static int
parse_digits(const char *text, const char *end, uint64_t *value)
{
	*value = 0;
	for (; text < end; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*value > (UINT64_MAX - digit) / 10)
			return -1;
		*value = *value * 10 + digit;
	}
	return 0;
}

int
quantity_parse(const char *text, enum quantity_kind kind, uint64_t *value)
{
	const struct unit *unit = units_of(kind);
	const char *rest = text + strspn(text, "0123456789");

	errno = EINVAL;
	if (rest == text || (rest[0] != '\0' && rest[1] != '\0'))
		return -1;
	while (unit->letter != rest[0] && unit->letter != '\0')
		unit++;
	if (unit->letter != rest[0])
		return -1;
	errno = ERANGE;
	if (parse_digits(text, rest, value) != 0 ||
	    *value > UINT64_MAX / unit->factor)
		return -1;
	*value *= unit->factor;
	return 0;
}

char *
quantity_print(
    char buffer[QUANTITY_TEXT], enum quantity_kind kind, uint64_t value)
{
	const struct unit *unit = units_of(kind);

	while (unit->letter != '\0' &&
	    (value < unit->factor || value % unit->factor != 0))
		unit++;
	/* For the unit without a letter, %c ends the text. */
	snprintf(buffer, QUANTITY_TEXT, "%" PRIu64 "%c", value / unit->factor,
	    unit->letter);
	return buffer;
}
