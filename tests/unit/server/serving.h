/* SPDX-License-Identifier: ISC */
/* A session in a process of its own, and its client in the test. */
#ifndef TESTS_UNIT_SERVER_SERVING_H
#define TESTS_UNIT_SERVER_SERVING_H

#include <stdatomic.h>
#include <sys/types.h>

#include "server/session/session.h"
#include "server/store/store.h"
#include "tests/lab/client.h"

/* Milliseconds; longer than any test that succeeds. */
#define SERVING_LONG 30000

/* The stop that the test requests, and that the server has read. */
struct serving_stop {
	_Atomic int requested;
	_Atomic int seen;
};

struct serving {
	struct store store;
	struct session_config config;
	struct serving_stop *stop; /* shared by both processes */
	struct client client;
	int end;  /* the server's, until it runs */
	int tick; /* milliseconds between signals to the server, or 0 */
	pid_t server;
};

/*
 * Open a store, a configuration without short timeouts, and a client, which may
 * queue frames before the server starts.
 */
void serving_open(struct serving *serving);

/* Interrupt the server's waits, so that it reads its clock more often. */
void serving_tick(int milliseconds);

/* Added to the session's end in the exit status of its process. */
#define SERVING_ENDED 64

/* Start the server. */
void serving_start(struct serving *serving);

/* The session must have this end. */
void serving_join(struct serving *serving, enum session_end end);

void serving_close(struct serving *serving, enum session_end end);

/* Queue hello and base. */
void serving_hello(struct serving *serving);

void serving_greeted(struct serving *serving);

/* All of the above: a session in the state READY. */
void serving_begin(struct serving *serving);

/* Request a stop, and wait until the server has seen it. */
void serving_request_stop(struct serving *serving, enum session_stop stop);

/* Send nothing for so many milliseconds. */
void serving_pause(int milliseconds);

#endif
