/* SPDX-License-Identifier: ISC */
/* Bytes and numbers made fit to be shown to people. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* What may stand as it is; everything else becomes \xHH, and \ becomes \\. */
enum text_set {
	TEXT_ASCII, /* 0x20 to 0x7e */
	TEXT_UTF8,  /* and well-formed UTF-8 that neither controls the terminal
		       nor changes the direction of writing: for people */
	TEXT_LOG    /* the same without quotation marks, which end a name in
		       logs; a text that is cut ends in TEXT_CUT */
};

/* No escaped text contains it. */
#define TEXT_CUT "\\..."

/*
 * Escape length bytes into buffer, cut where it is full and always ended by a
 * NUL.  Returns buffer.  Source of what is well-formed: RFC 3629.
 */
char *text_escape(char *buffer, size_t size, const void *bytes, size_t length,
    enum text_set set);

/*
 * How many bytes the first character has, or 0 if it has to be escaped; length
 * is at least 1.
 */
size_t text_plain(const void *bytes, size_t length, enum text_set set);

/*
 * The character that stands first in these bytes, at least one.  Returns its
 * length, or 0 if it is not well-formed UTF-8.
 */
size_t text_decode(const void *bytes, size_t length, uint32_t *character);

/* Room for the longest result of text_size and text_duration. */
#define TEXT_NUMBER 24

/* "512 B", "4.7 GB": decimal units.  Returns buffer, of TEXT_NUMBER bytes. */
char *text_size(char *buffer, uint64_t bytes);

/* "0.4 s", "41 s", "2:07", "1:02:07".  Returns buffer, of TEXT_NUMBER bytes. */
char *text_duration(char *buffer, int64_t milliseconds);

#endif
