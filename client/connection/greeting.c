/* SPDX-License-Identifier: ISC */
/* Read the first bytes of the peer: ftxd's greeting, or a line of text. */
#include "client/connection/greeting.h"

#include <string.h>

#include "common/wire.h"

/* The bytes that begin every greeting. */
#define MAGIC 8

static int
begins_greeting(const struct greeting *greeting)
{
	const struct wire_greeting any = {0};
	uint8_t expected[WIRE_GREETING];
	size_t length = greeting->length < MAGIC ? greeting->length : MAGIC;

	wire_write_greeting(expected, &any);
	return memcmp(greeting->bytes, expected, length) == 0;
}

static int
is_line_end(uint8_t byte)
{
	return byte == '\r' || byte == '\n';
}

/* Find the first line that is not empty.  Nonzero if it is complete. */
static int
find_line(const struct greeting *greeting, size_t *begin, size_t *end)
{
	*begin = 0;
	while (
	    *begin < greeting->length && is_line_end(greeting->bytes[*begin]))
		++*begin;
	*end = *begin;
	while (*end < greeting->length && !is_line_end(greeting->bytes[*end]))
		++*end;
	return *end < greeting->length;
}

enum greeting_event
greeting_read(struct greeting *greeting, struct conn *conn, io_time now)
{
	const uint8_t *byte;
	size_t begin, end;

	while (greeting->length <
	    (greeting_is_possible(greeting) ? WIRE_GREETING : GREETING_LINE)) {
		byte = conn_take(conn, 1);
		if (byte == NULL)
			break;
		greeting->bytes[greeting->length++] = *byte;
		if (greeting_is_possible(greeting) &&
		    !begins_greeting(greeting))
			greeting->line_end = now + GREETING_LINE_WAIT;
	}
	if (greeting_is_possible(greeting))
		return greeting->length == WIRE_GREETING ? GREETING_WHOLE
							 : GREETING_PARTIAL;
	return greeting->length == GREETING_LINE || now >= greeting->line_end ||
		find_line(greeting, &begin, &end)
	    ? GREETING_FOREIGN
	    : GREETING_LINE_PARTIAL;
}

int
greeting_is_possible(const struct greeting *greeting)
{
	return greeting->line_end == 0;
}

char *
greeting_show(const struct greeting *greeting, char buffer[GREETING_SHOWN],
    enum text_set set)
{
	size_t begin, end;

	(void)find_line(greeting, &begin, &end);
	return text_escape(
	    buffer, GREETING_SHOWN, greeting->bytes + begin, end - begin, set);
}
