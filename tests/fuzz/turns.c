/* SPDX-License-Identifier: ISC */
/* The peer of a connection: it reads frames, and sends bytes in turns. */
#include "tests/fuzz/turns.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

/* The most bytes to send at once; the socket buffers them. */
#define LONGEST 65536

static size_t
preamble_of(enum wire_side side)
{
	return side == WIRE_FROM_CLIENT ? WIRE_HELLO : WIRE_GREETING;
}

int
turns_open(struct turns *turns, enum wire_side own, const uint8_t *bytes,
    size_t length, unsigned piece)
{
	enum wire_side other =
	    own == WIRE_FROM_CLIENT ? WIRE_FROM_SERVER : WIRE_FROM_CLIENT;
	int ends[2];

	memset(turns, 0, sizeof(*turns));
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	fuzz_check(io_set_blocking(ends[0], 0) == 0);
	fuzz_check(io_set_blocking(ends[1], 0) == 0);
	fuzz_check(conn_init(&turns->conn, ends[0], ends[0], other) == 0);
	turns->own = own;
	turns->bytes = bytes;
	turns->left = length;
	turns->piece = piece;
	return ends[1];
}

size_t
turns_frame(enum wire_side side, int begun, const uint8_t *bytes, size_t length)
{
	struct wire_frame frame;
	const char *reason;
	size_t whole = preamble_of(side);

	if (begun) {
		if (length < WIRE_HEADER ||
		    wire_read_header(bytes, side, &frame, &reason) == -1)
			return length;
		whole = WIRE_HEADER + frame.length;
	}
	return whole < length ? whole : length;
}

static size_t
next_piece(const struct turns *turns)
{
	size_t piece = turns->piece;

	if (piece == TURNS_FRAMES)
		piece = turns_frame(
		    turns->own, turns->begun, turns->bytes, turns->left);
	if (piece == 0 || piece > turns->left)
		piece = turns->left;
	return piece < LONGEST ? piece : LONGEST;
}

/* The program must not send a malformed frame. */
void
turns_receive(struct turns *turns)
{
	struct conn_frame frame;
	enum conn_event event;

	do {
		if (!turns->preamble)
			turns->preamble =
			    conn_take(&turns->conn,
				preamble_of(turns->conn.peer)) != NULL;
		if (!turns->preamble)
			continue;
		while (
		    (event = conn_next(&turns->conn, &frame)) != CONN_NOTHING) {
			fuzz_check(event == CONN_FRAME);
			turns->receive(turns->argument, &frame);
		}
	} while (conn_fill(&turns->conn) > 0);
}

static void
end(struct turns *turns)
{
	turns->ended = 1;
	(void)shutdown(turns->conn.in, turns->closes ? SHUT_RDWR : SHUT_WR);
}

void
turns_step(struct turns *turns)
{
	uint8_t piece[LONGEST];
	size_t length;
	ssize_t written;

	turns_receive(turns);
	if (turns->ended)
		return;
	if (turns->left == 0) {
		end(turns);
		return;
	}
	length = next_piece(turns);
	memcpy(piece, turns->bytes, length);
	if (turns->send != NULL)
		turns->send(turns->argument, piece, length);
	written = io_write(turns->conn.out, piece, length);
	if (written <= 0)
		return;
	turns->begun = 1;
	turns->bytes += written;
	turns->left -= (size_t)written;
}

void
turns_close(struct turns *turns)
{
	close(turns->conn.in);
	conn_release(&turns->conn);
}
