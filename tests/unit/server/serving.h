/* SPDX-License-Identifier: ISC */
/* A session in a child process, and its client in the test. */
#ifndef TESTS_UNIT_SERVER_SERVING_H
#define TESTS_UNIT_SERVER_SERVING_H

#include <stdatomic.h>
#include <sys/types.h>

#include "server/session/session.h"
#include "server/store/store.h"
#include "tests/lab/client.h"

/* Milliseconds; a test that succeeds takes less time. */
#define SERVING_LONG 30000

/* The stop that the test requests, and the last stop that the server read. */
struct serving_stop {
	_Atomic int requested;
	_Atomic int seen;
};

struct serving {
	struct store store;
	struct session_config config;
	struct serving_stop *stop; /* shared by both processes */
	struct client client;
	int end;  /* the server's socket, until the server starts */
	int tick; /* milliseconds between signals to the server, or 0 */
	pid_t server;
};

/*
 * Open a store and a client, and set a configuration with long timeouts.  The
 * client may queue frames before the server starts.
 */
void serving_open(struct serving *serving);

/*
 * Interrupt the waits of this process at this interval, so that it reads its
 * clock more often.
 */
void serving_tick(int milliseconds);

/* The child exits with the sum of this and its enum session_end. */
#define SERVING_ENDED 64

/* Start the server. */
void serving_start(struct serving *serving);

/* Wait for the child; expect this end of the session.  Close the store. */
void serving_join(struct serving *serving, enum session_end end);

void serving_close(struct serving *serving, enum session_end end);

/* Queue the hello and the base. */
void serving_hello(struct serving *serving);

void serving_expect_based(struct serving *serving);

/*
 * Call serving_hello, serving_start and serving_expect_based.  The state is
 * then READY.
 */
void serving_begin(struct serving *serving);

/* Request a stop, and wait until the server has read it. */
void serving_request_stop(struct serving *serving, enum session_stop stop);

/* Wait for this many milliseconds, even if signals come. */
void serving_pause(int milliseconds);

#endif
