/* SPDX-License-Identifier: ISC */
/* Print bytes and numbers safely and readably. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The characters to keep; other bytes become \xHH, and \ becomes \\. */
enum text_set {
	TEXT_ASCII, /* 0x20 to 0x7e */
	TEXT_UTF8,  /* also well-formed UTF-8, except characters that control
		       the terminal or the direction of writing */
	TEXT_LOG    /* like TEXT_UTF8 without quotation marks, which end a name
		       in the log; a text that is cut ends in TEXT_CUT */
};

/* No escape begins with these bytes, so a log reader can recognize a cut. */
#define TEXT_CUT "\\..."

/*
 * Escape length bytes into buffer, which has size bytes.  If it is full, cut
 * the text; always end it with NUL.  Returns buffer.  Source of well-formed
 * UTF-8: RFC 3629.
 */
char *text_escape(char *buffer, size_t size, const void *bytes, size_t length,
    enum text_set set);

/*
 * The length of the first character, or 0 if it must be escaped.  length is at
 * least 1.
 */
size_t text_plain(const void *bytes, size_t length, enum text_set set);

/*
 * Decode the first character of length bytes, at least 1.  Returns its length,
 * or 0 if it is not well-formed UTF-8.
 */
size_t text_decode(const void *bytes, size_t length, uint32_t *character);

/* Size of the text of text_size and text_duration. */
#define TEXT_NUMBER 24

/* "512 B", "4.7 GB": decimal units.  Returns buffer, of TEXT_NUMBER bytes. */
char *text_size(char *buffer, uint64_t bytes);

/* "0.4 s", "41 s", "2:07", "1:02:07".  Returns buffer, of TEXT_NUMBER bytes. */
char *text_duration(char *buffer, int64_t milliseconds);

#endif
