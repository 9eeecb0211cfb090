/* SPDX-License-Identifier: ISC */
/* XXH64 with seed 0, of a stream in pieces of any length. */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* Source: "xxHash fast digest algorithm", version 0.1.1, section XXH64. */
#define DIGEST_STRIPE 32

struct digest {
	uint64_t lanes[4];
	uint64_t length;
	uint8_t partial[DIGEST_STRIPE]; /* length % DIGEST_STRIPE bytes */
};

void digest_init(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t size);

/* Add size zero bytes. */
void digest_add_zeros(struct digest *digest, uint64_t size);

/* The digest of all bytes added so far.  The caller may add more. */
uint64_t digest_value(const struct digest *digest);

#endif
