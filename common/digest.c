/* SPDX-License-Identifier: ISC */
/* XXH64, written from "xxHash fast digest algorithm", version 0.1.1. */
#include "common/digest.h"

#include <string.h>

static const uint64_t prime1 = 0x9e3779b185ebca87;
static const uint64_t prime2 = 0xc2b2ae3d27d4eb4f;
static const uint64_t prime3 = 0x165667b19e3779f9;
static const uint64_t prime4 = 0x85ebca77c2b2ae63;
static const uint64_t prime5 = 0x27d4eb2f165667c5;

static uint64_t
rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

/*
 * This works in either byte order, and compilers turn it into one load.  It is
 * inline because gcc estimates its cost before it merges the four loads.
 */
static inline uint64_t
load32(const uint8_t *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
	    (uint32_t)in[3] << 24;
}

static inline uint64_t
load64(const uint8_t *in)
{
	return load32(in) | load32(in + 4) << 32;
}

static inline uint64_t
mix(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * prime2, 31) * prime1;
}

/* Add whole stripes, with the lanes in registers. */
static void
add_stripes(struct digest *digest, const uint8_t *in, size_t stripes)
{
	uint64_t a = digest->lanes[0], b = digest->lanes[1];
	uint64_t c = digest->lanes[2], d = digest->lanes[3];

	for (; stripes > 0; stripes--) {
		a = mix(a, load64(in));
		b = mix(b, load64(in + 8));
		c = mix(c, load64(in + 16));
		d = mix(d, load64(in + 24));
		in += DIGEST_STRIPE;
	}
	digest->lanes[0] = a;
	digest->lanes[1] = b;
	digest->lanes[2] = c;
	digest->lanes[3] = d;
}

void
digest_init(struct digest *digest)
{
	memset(digest, 0, sizeof *digest);
	digest->lanes[0] = prime1 + prime2;
	digest->lanes[1] = prime2;
	digest->lanes[2] = 0;
	digest->lanes[3] = 0 - prime1;
}

void
digest_add(struct digest *digest, const void *bytes, size_t size)
{
	const uint8_t *in = bytes;
	size_t used = digest->length % DIGEST_STRIPE;
	size_t part = DIGEST_STRIPE - used;

	if (size == 0)
		return;
	digest->length += size;
	if (size < part) {
		memcpy(digest->partial + used, in, size);
		return;
	}
	if (used > 0) {
		memcpy(digest->partial + used, in, part);
		add_stripes(digest, digest->partial, 1);
		in += part;
		size -= part;
	}
	add_stripes(digest, in, size / DIGEST_STRIPE);
	in += size - size % DIGEST_STRIPE;
	memcpy(digest->partial, in, size % DIGEST_STRIPE);
}

void
digest_add_zeros(struct digest *digest, uint64_t size)
{
	static const uint8_t zeros[16 * 1024];

	for (; size > sizeof zeros; size -= sizeof zeros)
		digest_add(digest, zeros, sizeof zeros);
	digest_add(digest, zeros, (size_t)size);
}

static uint64_t
merge_lane(uint64_t sum, uint64_t lane)
{
	return (sum ^ mix(0, lane)) * prime1 + prime4;
}

static uint64_t
converge(const struct digest *digest)
{
	const uint64_t *lanes = digest->lanes;
	uint64_t sum;

	if (digest->length < DIGEST_STRIPE)
		return prime5;
	sum = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
	    rotate(lanes[3], 18);
	for (int i = 0; i < 4; i++)
		sum = merge_lane(sum, lanes[i]);
	return sum;
}

static uint64_t
add_rest(uint64_t sum, const uint8_t *in, size_t size)
{
	for (; size >= 8; in += 8, size -= 8)
		sum = rotate(sum ^ mix(0, load64(in)), 27) * prime1 + prime4;
	if (size >= 4) {
		sum = rotate(sum ^ load32(in) * prime1, 23) * prime2 + prime3;
		in += 4;
		size -= 4;
	}
	for (; size > 0; in++, size--)
		sum = rotate(sum ^ *in * prime5, 11) * prime1;
	return sum;
}

uint64_t
digest_value(const struct digest *digest)
{
	uint64_t sum = converge(digest) + digest->length;

	sum = add_rest(sum, digest->partial, digest->length % DIGEST_STRIPE);
	sum = (sum ^ sum >> 33) * prime2;
	sum = (sum ^ sum >> 29) * prime3;
	return sum ^ sum >> 32;
}
