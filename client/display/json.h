/* SPDX-License-Identifier: ISC */
/* Bytes as strings of JSON.  Source: RFC 8259. */
#ifndef CLIENT_DISPLAY_JSON_H
#define CLIENT_DISPLAY_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "common/wire.h"

/*
 * Print pieces of text as one string, in ASCII only.  What is no UTF-8 becomes
 * U+FFFD, byte by byte; no character lies in two pieces.
 */
void json_print(FILE *out, const struct wire_bytes *pieces, size_t count);

/*
 * Print a member that follows others, whose value is any bytes: ,"key":"...",
 * and, where that shows not all of them, ,"key_hex":"..." as well.
 */
void json_print_bytes(
    FILE *out, const char *key, const struct wire_bytes *pieces, size_t count);

#endif
