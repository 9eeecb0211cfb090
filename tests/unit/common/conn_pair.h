/* SPDX-License-Identifier: ISC */
/* A server's conn over a socket pair, and the socket of its peer. */
#ifndef TESTS_UNIT_COMMON_CONN_PAIR_H
#define TESTS_UNIT_COMMON_CONN_PAIR_H

#include "common/conn.h"

struct conn_pair {
	int ends[2]; /* of the conn and of the peer; -1 if the test closed it */
	struct conn conn;
};

extern struct conn_pair conn_pair;

/* The checked fixture of each test. */
void conn_pair_begin(void);
void conn_pair_finish(void);

/* Send bytes as the peer. */
void conn_pair_send(const void *bytes, size_t length);

#endif
