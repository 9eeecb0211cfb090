/* SPDX-License-Identifier: ISC */
/* A framed connection over two descriptors, both directions at once. */
#ifndef COMMON_CONN_H
#define COMMON_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/wire.h"

/* Sizes of the buffers, and the longest payload of a data frame we send. */
#define CONN_INPUT (256 * 1024)
#define CONN_DATA (256 * 1024)
#define CONN_OUTPUT (CONN_DATA + WIRE_CONTROL_MAX)

/* A span of bytes in one allocation: filled at end, used from start. */
struct conn_buffer {
	uint8_t *bytes;
	size_t start, end, capacity;
};

/* The descriptors are nonblocking, not owned, and may be the same. */
struct conn {
	int in, out;
	int also; /* a descriptor to poll for input as well, or -1 */
	enum wire_side peer;
	struct conn_buffer input, output;
	struct wire_frame frame;       /* the data frame being returned */
	size_t data_left;	       /* bytes of it not yet returned */
	uint64_t received, sent;       /* bytes, in total */
	uint64_t send_until;	       /* upper limit of sent */
	uint8_t inserted[WIRE_HEADER]; /* a frame to send before output */
	size_t inserted_left;	       /* bytes of it not yet sent */
	int ended;		       /* the peer has ended its side */
};

enum conn_event {
	CONN_NOTHING,  /* no complete frame is buffered */
	CONN_FRAME,    /* a frame, or a piece of a data frame */
	CONN_MALFORMED /* a protocol error; see reason */
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
 * Take the next length bytes, such as the preamble, which is not a frame.
 * Returns a pointer that is valid until the next call, or NULL if fewer are
 * buffered.
 */
const uint8_t *conn_take(struct conn *conn, size_t length);

/* Take the next frame from the buffer, without reading. */
enum conn_event conn_next(struct conn *conn, struct conn_frame *frame);

/*
 * Read once.  Call this only after conn_next returned CONN_NOTHING.  Returns
 * the number of bytes, 0 if the peer has ended (and sets ended), or -1 with
 * errno: EAGAIN if there is no input now.
 */
ssize_t conn_fill(struct conn *conn);

/* The number of bytes that are queued and not yet written. */
size_t conn_unsent(const struct conn *conn);

/*
 * Reserve space for a frame with a payload of up to size bytes, at most
 * CONN_DATA.  Returns the address of the payload, or NULL if the caller must
 * flush first.  conn_queue then queues the frame.
 */
uint8_t *conn_reserve(struct conn *conn, size_t size);
void conn_queue(
    struct conn *conn, enum wire_type type, uint32_t request, size_t length);

/*
 * Queue a frame without payload.  The caller may do so between conn_reserve and
 * conn_queue.  Returns 0, or -1 if anything is unsent.
 */
int conn_insert(struct conn *conn, enum wire_type type, uint32_t request);

/* Queue the preamble, which is not a frame.  At most CONN_OUTPUT in all. */
void conn_queue_raw(struct conn *conn, const void *bytes, size_t length);

/*
 * Write as much as possible without blocking, up to send_until, which
 * conn_init sets to UINT64_MAX.  A reservation stays valid.  Returns 0 even if
 * bytes are left (see conn_unsent), or -1 with errno.
 */
int conn_flush(struct conn *conn);

/*
 * Fill in what conn_wait polls: input (if reading), output (if there are unsent
 * bytes below send_until), and input of also.
 */
#define CONN_POLLS 3
void conn_polls(
    const struct conn *conn, int reading, struct pollfd wait[CONN_POLLS]);

/*
 * Wait for input (if reading), for output (if there are unsent bytes below
 * send_until), for the deadline, or for a signal.  Returns 0, or -1 with
 * errno.
 */
int conn_wait(struct conn *conn, int reading, io_time deadline);

/*
 * End the connection, and let the peer receive all queued bytes.  Flush, and
 * end our side.  Then read and discard until the peer ends, the time has
 * passed, or limit bytes were read.  The caller may repeat it until ended is
 * set.  Source: RFC 1122, section 4.2.2.13.
 */
void conn_linger(struct conn *conn, int64_t milliseconds, uint64_t limit);

#endif
