/* SPDX-License-Identifier: ISC */
/* A fake server in a child process sends the bytes of a test. */
#ifndef TESTS_SYSTEM_FAKE_H
#define TESTS_SYSTEM_FAKE_H

#include <stddef.h>
#include <sys/types.h>

struct fake {
	pid_t pid;
	unsigned port; /* on 127.0.0.1 */
};

/*
 * Start one.  On each connection it waits for `after` bytes, sends these bytes,
 * reads for a moment, and closes.  Sets FTX_PORT for later clients.
 */
void fake_start(
    struct fake *fake, const void *bytes, size_t length, size_t after);

/* Bytes to send after `after` more bytes were received. */
struct fake_turn {
	size_t after;
	const void *bytes;
	size_t length;
};

/* The same with several turns.  The last turn has no bytes. */
void fake_start_turns(struct fake *fake, const struct fake_turn *turns);
/* Bytes to send again and again after the turns. */
struct fake_pulse {
	const void *bytes;
	size_t length;
	int every; /* milliseconds */
};

/* The same; then send the pulse until the client has closed. */
void fake_start_endless(struct fake *fake, const struct fake_turn *turns,
    const struct fake_pulse *pulse);
void fake_stop(struct fake *fake);

/* Returns a port of 127.0.0.1 on which nothing listens, and sets FTX_PORT. */
unsigned fake_unused_port(void);

#endif
