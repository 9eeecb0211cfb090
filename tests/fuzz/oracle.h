/* SPDX-License-Identifier: ISC */
/* What a client has said, what ftxd answered, and whether that is true. */
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
	struct wire_request wanted; /* its path lies in the stream */
	int unknown;		    /* it asks for what is not offered */
	int ended, answered;
	uint64_t size, digest; /* of its end */
};

struct oracle {
	struct oracle_request requests[ORACLE_REQUESTS];
	size_t count;
	/* As they were settled; a name that is not empty is that of all. */
	char base[WIRE_PATH_MAX + 1], name[WIRE_PATH_MAX + 1];
	int heard;			 /* anything was */
	int fatal;			 /* its last words were heard */
	int keeps, syncs;		 /* how the server was told to work */
	uint32_t order[ORACLE_REQUESTS]; /* those stored, by index */
	size_t stored;
};

/*
 * Note the requests of a client's stream, as far as it is the protocol; if
 * repair, each end is made to fit the content before it.
 */
void oracle_read(
    struct oracle *oracle, uint8_t *bytes, size_t length, int repair);

/* A frame of the server: it must be one that is true of these requests. */
void oracle_hear(struct oracle *oracle, const struct conn_frame *frame);

/* What was stored last under each name is there, with its size and digest. */
void oracle_check(const struct oracle *oracle, int root);

#endif
