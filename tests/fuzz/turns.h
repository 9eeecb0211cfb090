/* SPDX-License-Identifier: ISC */
/* The other end of a connection: it hears frames, and says bytes in turns. */
#ifndef TESTS_FUZZ_TURNS_H
#define TESTS_FUZZ_TURNS_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"

/* Pieces of one frame each; 0 is all at once, and what is between so long. */
#define TURNS_FRAMES 255

struct turns {
	struct conn conn; /* what is heard; nothing is queued in it */
	enum wire_side own;
	const uint8_t *bytes; /* not owned: what is still to be said */
	size_t left;
	unsigned piece;
	int begun;    /* something was said */
	int leaves;   /* closes in the end, and does not only end its side */
	int ended;    /* nothing more is said */
	int preamble; /* the other end's was heard */
	/* Each frame that is heard; the next call may spoil it. */
	void (*hear)(void *argument, const struct conn_frame *frame);
	/* Each piece before it is said; it may be changed. */
	void (*say)(void *argument, uint8_t *piece, size_t length);
	void *argument;
};

/* Returns the descriptor of the program under test, which is the caller's. */
int turns_open(struct turns *turns, enum wire_side own, const uint8_t *bytes,
    size_t length, unsigned piece);

/* Hear all that has come, and say the next piece, or that there is none. */
void turns_take(struct turns *turns);

/* Hear all that has come. */
void turns_hear(struct turns *turns);
void turns_close(struct turns *turns);

/*
 * How long the next piece is, of so many bytes: the preamble if nothing was
 * said before it, and then a frame.
 */
size_t turns_frame(
    enum wire_side side, int begun, const uint8_t *bytes, size_t length);

#endif
