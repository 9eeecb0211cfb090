/* SPDX-License-Identifier: ISC */
/* Fuzz the rules for paths, and the escaping of bytes. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/wire.h"
#include "tests/fuzz/fuzz.h"

/* The rule of ftx-protocol(5), implemented in another way. */
static int
may_be_component(const char *name, size_t length)
{
	return length >= 1 && length <= 255 &&
	    strnlen(name, length) == length &&
	    !(length == 1 && strncmp(name, ".", 1) == 0) &&
	    !(length == 2 && strncmp(name, "..", 2) == 0) &&
	    !(length >= 5 && strncmp(name, ".ftx-", 5) == 0);
}

static int
may_be_path(const char *path, size_t length)
{
	size_t start = 0, depth = 0;

	if (length == 0)
		return 1;
	for (size_t i = 0; i <= length; i++) {
		if (i < length && path[i] != '/')
			continue;
		if (!may_be_component(path + start, i - start))
			return 0;
		start = i + 1;
		depth++;
	}
	return length <= 4096 && depth <= 128;
}

/* Decode an escaped byte, and advance. */
static uint8_t
unescape(const char **at)
{
	unsigned byte = (unsigned char)*(*at)++;

	if (byte != '\\')
		return (uint8_t)byte;
	if (**at == '\\') {
		(*at)++;
		return '\\';
	}
	fuzz_check(sscanf(*at, "x%2x", &byte) == 1);
	*at += 3;
	return (uint8_t)byte;
}

static void
check_text(const char *bytes, size_t length, enum text_set set)
{
	static char whole[4 * 8192 + 1];
	const size_t mark = strlen(TEXT_CUT);
	const char *at = whole;
	char cut[64];

	text_escape(whole, sizeof(whole), bytes, length, set);
	for (size_t i = 0; i < length; i++)
		fuzz_check(unescape(&at) == (uint8_t)bytes[i]);
	fuzz_check(*at == '\0');
	for (const char *shown = whole; *shown != '\0'; shown++)
		fuzz_check((unsigned char)*shown >= 0x20 && *shown != 0x7f &&
		    (set != TEXT_ASCII || (unsigned char)*shown < 0x7f) &&
		    (set != TEXT_LOG || *shown != '"'));
	text_escape(cut, sizeof(cut), bytes, length, set);
	if (strlen(cut) != strlen(whole) && set == TEXT_LOG) {
		fuzz_check(strlen(cut) >= mark &&
		    strcmp(cut + strlen(cut) - mark, TEXT_CUT) == 0);
		cut[strlen(cut) - mark] = '\0';
	}
	for (at = cut; *at != '\0';)
		(void)unescape(&at);
	fuzz_check(strncmp(cut, whole, strlen(cut)) == 0);
	fuzz_check(strlen(cut) == strlen(whole) || strlen(cut) > 64 - 10);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = (const char *)data;

	if (size > 8192)
		return 0;
	fuzz_check(
	    (wire_check_path(path, size) == NULL) == may_be_path(path, size));
	check_text(path, size, TEXT_ASCII);
	check_text(path, size, TEXT_UTF8);
	check_text(path, size, TEXT_LOG);
	return 0;
}
