/* SPDX-License-Identifier: ISC */
/* How a run shares out the descriptors that this process may have open. */
#ifndef CLIENT_SHARED_DESCRIPTORS_H
#define CLIENT_SHARED_DESCRIPTORS_H

#include <stddef.h>

struct descriptors {
	size_t streams;	    /* connections at once, at least 1 */
	size_t directories; /* that a walk holds open on its way down */
};

/*
 * Reduce wanted until it fits into the limit on open descriptors.  Each stream
 * takes per_stream of them.  The soft limit is raised first, as far as needed
 * and as the hard limit permits.
 */
void descriptors_share(struct descriptors *wanted, size_t per_stream);

/*
 * The same without asking the system: limit is how many may be open, and used
 * how many are.
 */
void descriptors_fit(
    struct descriptors *wanted, size_t per_stream, size_t limit, size_t used);

#endif
