/* SPDX-License-Identifier: ISC */
/* Print bytes as JSON strings.  Source: RFC 8259. */
#ifndef CLIENT_DISPLAY_JSON_H
#define CLIENT_DISPLAY_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "common/wire.h"

/*
 * Print pieces of text as one string, in ASCII only.  Each byte that is not
 * part of valid UTF-8 becomes U+FFFD.  No character may span two pieces.
 */
void json_print(FILE *out, const struct wire_bytes *pieces, size_t count);

/*
 * Print a further member for arbitrary bytes: ,"key":"...".  If they are not
 * valid UTF-8, print ,"key_hex":"..." as well.
 */
void json_print_bytes(
    FILE *out, const char *key, const struct wire_bytes *pieces, size_t count);

#endif
