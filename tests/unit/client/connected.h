/* SPDX-License-Identifier: ISC */
/* A fixture: the sending half of a session, connected to a test's socket. */
#ifndef TESTS_UNIT_CLIENT_CONNECTED_H
#define TESTS_UNIT_CLIENT_CONNECTED_H

#include <stddef.h>

#include "client/connection/outgoing.h"
#include "client/run/run.h"
#include "client/settings/options.h"
#include "client/settings/target.h"
#include "common/conn.h"

struct connected {
	struct options options; /* set these before connected_begin */
	struct target target;
	struct run run;
	struct conn conn;
	struct outgoing outgoing;
	int peer; /* the test's socket; nonblocking */
};

/* Begin a run of these sources to the target "in", without any frame. */
void connected_begin(
    struct connected *connected, char *const *paths, size_t count);
void connected_end(struct connected *connected);

#endif
