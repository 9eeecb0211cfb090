/* SPDX-License-Identifier: ISC */
/* One request: a source on its way to its result, over all connections. */
#ifndef CLIENT_RUN_REQUEST_H
#define CLIENT_RUN_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "client/sources/directories.h"
#include "client/sources/source.h"
#include "common/digest.h"
#include "common/io.h"
#include "common/wire.h"

enum request_state {
	REQUEST_NEW,	 /* to be sent on this connection, or another */
	REQUEST_ASKED,	 /* waits for go or a result */
	REQUEST_GOING,	 /* go has come, its content has not begun */
	REQUEST_SENDING, /* its content is under way */
	REQUEST_ENDED,	 /* all of it was sent */
	REQUEST_ABORTED, /* given up, and reported so */
	REQUEST_DONE	 /* has its result */
};

struct request {
	struct request *next; /* of those that wait for a connection */
	struct source source; /* its path is part of this */
	enum wire_kind kind;
	struct directory *directory; /* that waits for it, or NULL */
	int input;		     /* standard input */
	int repeats;	 /* a directory that was asked for elsewhere */
	int settles;	 /* sets a directory's mode and time, in the end */
	uint32_t number; /* on this connection */
	enum request_state state;
	mode_t mode;
	uint64_t size;	    /* as announced; WIRE_SIZE_UNKNOWN */
	uint64_t allocated; /* bytes on the disk that it needs */
	struct source_identity identity;
	struct wire_go kept; /* what the server has of it: go's words */
	int uncertain;	     /* a lost connection may have stored it */
	unsigned wishes;     /* as they were asked */
	uint64_t sent, digest;
	int digested;	      /* digest is that of the source as identified */
	struct digest hashed; /* of the part hashed on an earlier connection */
	io_time begun;	      /* when its content did */
	size_t path_length;   /* of its path on the wire */
};

/*
 * A new one, of a copy of the source; it takes over a hold of the folder.
 * Returns NULL with errno if there is no memory, and then lets go of that.
 */
struct request *request_new(const struct source *source, enum wire_kind kind,
    struct directory *directory, size_t path_length);
void request_free(struct request *request);

/* Note which source it is, and in which state; a file's is open. */
void request_identify(
    struct request *request, int fd, const struct stat *found);

/* Those that a connection has left without result, in their order. */
struct requests {
	struct request *first, **end;
};

void requests_init(struct requests *requests);
void requests_release(struct requests *requests);

/* Append one, which is owned from here on. */
void requests_add(struct requests *requests, struct request *request);

/* Take the first one, or NULL. */
struct request *requests_take(struct requests *requests);

#endif
