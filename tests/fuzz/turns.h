/* SPDX-License-Identifier: ISC */
/* The peer of a connection: it reads frames, and sends bytes in turns. */
#ifndef TESTS_FUZZ_TURNS_H
#define TESTS_FUZZ_TURNS_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"

/* Value of piece: one frame at a time.  0: all; other: as many bytes. */
#define TURNS_FRAMES 255

struct turns {
	struct conn conn; /* for input; nothing is queued */
	enum wire_side own;
	const uint8_t *bytes; /* not owned: bytes still to be sent */
	size_t left;
	unsigned piece;
	int begun;    /* bytes were sent */
	int closes;   /* at the end, shut down both directions */
	int ended;    /* all bytes were sent, and the end */
	int preamble; /* the program's preamble was received */
	/* Called for each frame, which is valid until the next call. */
	void (*receive)(void *argument, const struct conn_frame *frame);
	/* Called for each piece before it is sent; may change the piece. */
	void (*send)(void *argument, uint8_t *piece, size_t length);
	void *argument;
};

/* Returns the descriptor of the program under test; the caller owns it. */
int turns_open(struct turns *turns, enum wire_side own, const uint8_t *bytes,
    size_t length, unsigned piece);

/* Read all input, then send the next piece, or end if there is none. */
void turns_step(struct turns *turns);

/* Read all input. */
void turns_receive(struct turns *turns);
void turns_close(struct turns *turns);

/*
 * The length of the next frame or, if nothing was sent before, of the preamble.
 */
size_t turns_frame(
    enum wire_side side, int begun, const uint8_t *bytes, size_t length);

#endif
