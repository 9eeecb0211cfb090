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
 * Raise the soft limit on open descriptors, as far as needed and as the hard
 * limit permits.  Then reduce wanted until it fits.  Each stream needs
 * per_stream descriptors.
 */
void descriptors_share(struct descriptors *wanted, size_t per_stream);

/* Reduce wanted to fit this limit; used descriptors are open already. */
void descriptors_fit(
    struct descriptors *wanted, size_t per_stream, size_t limit, size_t used);

#endif
