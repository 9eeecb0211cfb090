/* SPDX-License-Identifier: ISC */
/* Check the results of ftxd against the requests and the stored files. */
#ifndef TESTS_FUZZ_ORACLE_H
#define TESTS_FUZZ_ORACLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"
#include "common/wire.h"

#define ORACLE_REQUESTS 1024

struct oracle_request {
	uint32_t number;
	enum wire_type type;
	struct wire_request wanted; /* its path is in the stream */
	int unknown;  /* has a kind, attribute or wish that is unknown */
	int ended;    /* the client sent its end frame */
	int finished; /* the server sent its result */
	uint64_t size, digest; /* in its end frame */
};

struct oracle {
	struct oracle_request requests[ORACLE_REQUESTS];
	size_t count;
	/* The base; if name is not empty, it replaces each path. */
	char base[WIRE_PATH_MAX + 1], name[WIRE_PATH_MAX + 1];
	int replied;			 /* the server sent a frame */
	int fatal;			 /* the server sent a fatal frame */
	int keeps, syncs;		 /* settings of the server */
	uint32_t order[ORACLE_REQUESTS]; /* indices of stored requests */
	size_t stored;
};

/*
 * Record the requests of a client's stream, up to the first error.  If repair
 * is nonzero, change each end frame to fit the content before it.
 */
void oracle_read(
    struct oracle *oracle, uint8_t *bytes, size_t length, int repair);

/* Check a frame of the server against these requests. */
void oracle_check_frame(struct oracle *oracle, const struct conn_frame *frame);

/* Check that each file has the size and digest of its last stored request. */
void oracle_check(const struct oracle *oracle, int root);

#endif
