/* SPDX-License-Identifier: ISC */
/* Quantities with a unit: digits and a letter. */
#ifndef COMMON_QUANTITY_H
#define COMMON_QUANTITY_H

#include <stdint.h>

enum quantity_kind {
	QUANTITY_NUMBER, /* K, M, G, T: powers of 1024 */
	QUANTITY_TIME	 /* s, m, h, d, or digits for seconds: milliseconds */
};

/*
 * Parse digits and at most one letter.  Returns 0, or -1 with errno: EINVAL for
 * other text, ERANGE if the value exceeds 64 bits.
 */
int quantity_parse(const char *text, enum quantity_kind kind, uint64_t *value);

/* Size of the text of quantity_print, with NUL. */
#define QUANTITY_TEXT 24

/* Print with the largest unit that divides value.  Returns buffer. */
char *quantity_print(
    char buffer[QUANTITY_TEXT], enum quantity_kind kind, uint64_t value);

#endif
