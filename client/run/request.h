/* SPDX-License-Identifier: ISC */
/* One request: a source from its first frame to its result. */
#ifndef CLIENT_RUN_REQUEST_H
#define CLIENT_RUN_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "client/run/remote.h"
#include "client/settings/options.h"
#include "client/sources/directories.h"
#include "client/sources/source.h"
#include "common/digest.h"
#include "common/io.h"
#include "common/wire.h"

enum request_state {
	REQUEST_NEW,	 /* to be sent on this connection, or another */
	REQUEST_ASKED,	 /* waits for go or a result */
	REQUEST_GOING,	 /* go has come, its content has not begun */
	REQUEST_SENDING, /* its content is being sent */
	REQUEST_ENDED,	 /* all its frames were sent */
	REQUEST_ABORTED, /* given up by the client, and reported */
	REQUEST_DONE	 /* has its result */
};

struct request {
	struct request *next; /* in a list of requests */
	struct source source; /* its path follows this struct */
	enum wire_kind kind;
	struct directory *directory; /* a reference, or NULL */
	int input;		     /* the source is standard input */
	int repeats;	 /* a directory that another connection requested */
	int final;	 /* sets a directory's mode and time */
	uint32_t number; /* on this connection */
	enum request_state state;
	mode_t mode;
	uint64_t size;	    /* as announced, or WIRE_SIZE_UNKNOWN */
	uint64_t allocated; /* bytes on the disk that it needs */
	struct source_stamp stamp;
	struct wire_go kept; /* the part that the server has kept */
	int uncertain;	     /* a lost connection may have stored it */
	unsigned wishes;     /* as they were sent */
	uint64_t sent, digest;
	int digested;	      /* digest belongs to the stamped source */
	struct digest hashed; /* of the part hashed on an earlier connection */
	io_time begun;	      /* when its content began */
	size_t path_length;   /* of its path on the wire */
};

/*
 * A new request, with a copy of the source.  It takes over the caller's
 * reference to the directory.  If there is no memory, releases the reference
 * and returns NULL with errno.
 */
struct request *request_new(const struct source *source, enum wire_kind kind,
    struct directory *directory, size_t path_length);
void request_free(struct request *request);

/*
 * Record the identity and the state of the source.  fd is the open file, or -1
 * for a directory.
 */
void request_stamp(struct request *request, int fd, const struct stat *found);

/* Smaller files are sent again from the start, not resumed.  Bytes. */
#define REQUEST_RESUME_LEAST (1 << 20)

/* Nonzero if the server may keep a part, and sending resumes after it. */
int request_resumes(
    const struct request *request, const struct options *options);

/* The fields of its frame.  Unless input is set, call request_stamp first. */
struct wire_request request_wire(const struct request *request,
    const struct options *options, const struct remote *remote);

/* Requests in the order in which they were added. */
struct requests {
	struct request *first, **end;
};

void requests_init(struct requests *requests);
void requests_release(struct requests *requests);

/* Append a request and own it. */
void requests_add(struct requests *requests, struct request *request);

/* Remove the first one.  Returns it, for the caller to own, or NULL. */
struct request *requests_pop(struct requests *requests);

#endif
