/* SPDX-License-Identifier: ISC */
/* A client and the frame handling of a server, in one process. */
#ifndef TESTS_UNIT_SERVER_RECEPTION_H
#define TESTS_UNIT_SERVER_RECEPTION_H

#include "server/session/receive.h"
#include "tests/lab/client.h"

struct reception {
	struct policy policy;
	struct conn conn; /* the server's end */
	struct comparer comparer;
	struct receive receive;
	struct client client;
};

/* Connect both ends, in the state HELLO. */
void reception_open(struct reception *reception, const struct store *store);

void reception_close(struct reception *reception);

/*
 * Handle all frames that the client has queued, and send the replies.  Returns
 * the last result of frames_handle.
 */
int reception_run(struct reception *reception);

/* Call reception_run, which must succeed, and commit the group. */
void reception_finish(struct reception *reception);

/* Handle the queued frames; expect a protocol error. */
void reception_expect_error(struct reception *reception);

/* Send the base.  The state is then READY. */
void reception_base(struct reception *reception, const char *path);

/* Expect that the server has sent no other frame. */
void reception_expect_silence(struct reception *reception);

/* A fixture for test cases: a receiving directory and a reception. */
extern struct store reception_store;
extern struct reception reception_shared;

void reception_begin(void);
void reception_end(void);

/* Replace the connection, and send the base.  The state is then READY. */
void reception_restart(void);

#endif
