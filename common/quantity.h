/* SPDX-License-Identifier: ISC */
/* Amounts as people write them: digits and a letter for the unit. */
#ifndef COMMON_QUANTITY_H
#define COMMON_QUANTITY_H

#include <stdint.h>

enum quantity_kind {
	QUANTITY_NUMBER, /* K, M, G, T: powers of 1024 */
	QUANTITY_TIME	 /* s, m, h, d, or digits for seconds: milliseconds */
};

/*
 * Digits and at most one letter, nothing else.  Returns 0, or -1 with errno:
 * EINVAL if it is not that, ERANGE if 64 bits cannot hold it.
 */
int quantity_parse(const char *text, enum quantity_kind kind, uint64_t *value);

/* Room for what quantity_print makes, with NUL. */
#define QUANTITY_TEXT 24

/* With the largest unit that divides it, a time in whole seconds. */
char *quantity_print(
    char buffer[QUANTITY_TEXT], enum quantity_kind kind, uint64_t value);

#endif
