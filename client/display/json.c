/* SPDX-License-Identifier: ISC */
/* Print bytes as JSON strings.  Source: RFC 8259. */
#include "client/display/json.h"

#include <inttypes.h>

#include "common/text.h"

/* The replacement character, U+FFFD. */
#define REPLACEMENT 0xfffd

/* Characters from here on need two escapes.  Source: RFC 8259, section 7. */
#define ASTRAL 0x10000

static void
print_character(FILE *out, uint32_t character)
{
	if (character == '"' || character == '\\')
		fprintf(out, "\\%c", (int)character);
	else if (character >= 0x20 && character < 0x7f)
		fputc((int)character, out);
	else if (character < ASTRAL)
		fprintf(out, "\\u%04" PRIx32, character);
	else
		fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32,
		    0xd800 + (character - ASTRAL) / 0x400,
		    0xdc00 + (character - ASTRAL) % 0x400);
}

/* Print one piece, unless out is NULL.  Returns nonzero if it is all UTF-8. */
static int
print_piece(FILE *out, const struct wire_bytes *piece)
{
	const char *bytes = piece->bytes;
	size_t left = piece->length, used;
	uint32_t character;
	int well_formed = 1;

	for (; left > 0; bytes += used, left -= used) {
		used = text_decode(bytes, left, &character);
		if (used == 0) {
			used = 1;
			character = REPLACEMENT;
			well_formed = 0;
		}
		if (out != NULL)
			print_character(out, character);
	}
	return well_formed;
}

void
json_print(FILE *out, const struct wire_bytes *pieces, size_t count)
{
	fputc('"', out);
	for (size_t i = 0; i < count; i++)
		print_piece(out, &pieces[i]);
	fputc('"', out);
}

static void
print_hex(FILE *out, const struct wire_bytes *piece)
{
	const char *bytes = piece->bytes;

	for (size_t i = 0; i < piece->length; i++)
		fprintf(out, "%02x", (unsigned char)bytes[i]);
}

void
json_print_bytes(
    FILE *out, const char *key, const struct wire_bytes *pieces, size_t count)
{
	int well_formed = 1;

	fprintf(out, ",\"%s\":", key);
	json_print(out, pieces, count);
	for (size_t i = 0; i < count; i++)
		well_formed &= print_piece(NULL, &pieces[i]);
	if (well_formed)
		return;
	fprintf(out, ",\"%s_hex\":\"", key);
	for (size_t i = 0; i < count; i++)
		print_hex(out, &pieces[i]);
	fputc('"', out);
}
