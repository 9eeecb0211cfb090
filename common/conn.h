/* SPDX-License-Identifier: ISC */
/* A framed connection over two descriptors, both directions at once. */
#ifndef COMMON_CONN_H
#define COMMON_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/wire.h"

/* Bytes that fit in each direction; data frames go out with CONN_DATA, or less.
 */
#define CONN_INPUT (256 * 1024)
#define CONN_DATA (256 * 1024)
#define CONN_OUTPUT (CONN_DATA + WIRE_CONTROL_MAX)

/* A span of bytes in one allocation: filled at end, used from start. */
struct conn_buffer {
	uint8_t *bytes;
	size_t start, end, capacity;
};

/*
 * Neither descriptor is owned; both do not block.  The two may be one.
 * The counters never wrap in practice: 64 bits of bytes.
 */
struct conn {
	int in, out;
	int also; /* or -1: conn_wait waits for input of this, too */
	enum wire_side peer;
	struct conn_buffer input, output;
	struct wire_frame frame;       /* the data frame being handed out */
	size_t data_left;	       /* bytes of it that are still to come */
	uint64_t received, sent;       /* bytes, in total */
	uint64_t send_until;	       /* sent does not go beyond it for now */
	uint8_t inserted[WIRE_HEADER]; /* a frame that goes before output, */
	size_t inserted_left;	       /* and so much of it is unsent */
	int ended;		       /* the peer's side has ended */
};

enum conn_event {
	CONN_NOTHING,  /* nothing complete is buffered */
	CONN_FRAME,    /* a frame, or a piece of a data frame */
	CONN_MALFORMED /* not the protocol; reason says what */
};

/* A frame, or a piece of a data frame with its header's type and number. */
struct conn_frame {
	enum wire_type type;
	uint32_t request;
	const uint8_t *payload; /* valid until the next call on this conn */
	size_t length;
	const char *reason; /* with CONN_MALFORMED: a constant */
};

/* Returns 0, or -1 with errno if there is no memory. */
int conn_init(struct conn *conn, int in, int out, enum wire_side peer);
void conn_release(struct conn *conn);

/*
 * The next length bytes before any frame: the preamble.  Returns a pointer
 * valid until the next call, or NULL if not so many are buffered yet.
 */
const uint8_t *conn_take(struct conn *conn, size_t length);

/* The next frame from what is buffered; reads nothing. */
enum conn_event conn_next(struct conn *conn, struct conn_frame *frame);

/*
 * Read once what the peer has sent.  Returns the number of bytes; 0 at the
 * end, which also sets ended; -1 with errno, EAGAIN if there is nothing now.
 * To be called only when conn_next has said CONN_NOTHING.
 */
ssize_t conn_fill(struct conn *conn);

/* Bytes that were queued and are not yet written. */
size_t conn_unsent(const struct conn *conn);

/*
 * Room for one frame with a payload of up to size bytes at the returned
 * address, or NULL if conn_unsent must come down first.  conn_queue then makes
 * it a frame.  size is at most CONN_DATA.
 */
uint8_t *conn_reserve(struct conn *conn, size_t size);
void conn_queue(
    struct conn *conn, enum wire_type type, uint32_t request, size_t length);

/*
 * Queue a frame without payload.  This is allowed even while the caller fills
 * what conn_reserve returned.  Returns 0, or -1 if anything is unsent.
 */
int conn_insert(struct conn *conn, enum wire_type type, uint32_t request);

/* Queue bytes that are no frame: the preamble.  At most CONN_OUTPUT in all. */
void conn_queue_raw(struct conn *conn, const void *bytes, size_t length);

/*
 * Write what can be written now, up to send_until, which conn_init sets to
 * UINT64_MAX; what was reserved stays so.  Returns 0 (see conn_unsent for what
 * is left), or -1 with errno.
 */
int conn_flush(struct conn *conn);

/*
 * What conn_wait waits for: input (if reading), room to write (if anything is
 * unsent that send_until lets go), and input of also.
 */
#define CONN_POLLS 3
void conn_polls(
    const struct conn *conn, int reading, struct pollfd wait[CONN_POLLS]);

/*
 * Wait until there is something to read (if reading), or room to write (if
 * anything is unsent that send_until lets go), or the deadline, or a signal.
 * Returns 0, or -1 with errno.
 */
int conn_wait(struct conn *conn, int reading, io_time deadline);

/*
 * End the connection so that the last words arrive: send what is queued, end
 * our side, then read and discard until the peer ends, the time is over, or
 * limit bytes have come.  May be repeated until ended is set, which means that
 * nothing more is to be had.  Source: RFC 1122, section 4.2.2.13.
 */
void conn_linger(struct conn *conn, int64_t milliseconds, uint64_t limit);

#endif
