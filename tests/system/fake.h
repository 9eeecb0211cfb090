/* SPDX-License-Identifier: ISC */
/* A server, in a child process, that is not ftxd or behaves badly. */
#ifndef TESTS_SYSTEM_FAKE_H
#define TESTS_SYSTEM_FAKE_H

#include <stddef.h>
#include <sys/types.h>

struct fake {
	pid_t pid;
	unsigned port; /* on 127.0.0.1 */
};

/*
 * Start one that, to each connection, says these bytes after it has received
 * at least `after` bytes, reads what comes for a moment, and closes.  Sets
 * FTX_PORT for clients that follow.
 */
void fake_start(
    struct fake *fake, const void *bytes, size_t length, size_t after);

/* What it says, after so many more bytes. */
struct fake_turn {
	size_t after;
	const void *bytes;
	size_t length;
};

/* The same with several turns, up to one that says nothing. */
void fake_start_turns(struct fake *fake, const struct fake_turn *turns);
/* Behind its turns, again and again. */
struct fake_pulse {
	const void *bytes;
	size_t length;
	int every; /* milliseconds */
};

/* The same, until the peer has gone. */
void fake_start_endless(struct fake *fake, const struct fake_turn *turns,
    const struct fake_pulse *pulse);
void fake_stop(struct fake *fake);

/* A port of 127.0.0.1 on which nothing listens; sets FTX_PORT as well. */
unsigned fake_nothing(void);

#endif
