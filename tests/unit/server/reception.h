/* SPDX-License-Identifier: ISC */
/* A client, and the server's handling of its frames, in one process. */
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

/* The same, which must succeed, and commit. */
void reception_finish(struct reception *reception);

/* The client's frames must break the protocol. */
void reception_expect_error(struct reception *reception);

/* Send the base: the state is READY then. */
void reception_base(struct reception *reception, const char *path);

/* The server has sent nothing more. */
void reception_expect_silence(struct reception *reception);

/* One receiving directory and one reception, as a fixture of test cases. */
extern struct store reception_store;
extern struct reception reception_shared;

void reception_begin(void);
void reception_end(void);

/* Open a new connection after an error; the state is READY then. */
void reception_restart(void);

#endif
