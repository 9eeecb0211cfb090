/* SPDX-License-Identifier: ISC */
/* Divide the descriptors that the process may open. */
#ifndef CLIENT_SHARED_DESCRIPTORS_H
#define CLIENT_SHARED_DESCRIPTORS_H

#include <stddef.h>

struct descriptors {
	size_t streams;	    /* connections at once, at least 1 */
	size_t directories; /* that a walk keeps open */
};

/*
 * Reduce wanted until it fits the limit on open descriptors.  Each stream needs
 * per_stream of them.  The soft limit is raised first, as far as needed and as
 * the hard limit permits.
 */
void descriptors_share(struct descriptors *wanted, size_t per_stream);

/* The same for a given limit, if so many descriptors are in use. */
void descriptors_fit(
    struct descriptors *wanted, size_t per_stream, size_t limit, size_t used);

#endif
