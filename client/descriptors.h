/* SPDX-License-Identifier: ISC */
/* How a run shares out the descriptors that this process may have open. */
#ifndef CLIENT_DESCRIPTORS_H
#define CLIENT_DESCRIPTORS_H

#include <stddef.h>

struct descriptors {
	size_t streams;	    /* connections at once, at least 1 */
	size_t directories; /* that a walk holds open on its way down */
};

/*
 * Fit what is wanted into the limit on open descriptors.  Each stream takes
 * per_stream of them.  The soft limit is raised as far as that needs and the
 * hard limit lets it.  Where it is still too low, both get less.
 */
void descriptors_share(struct descriptors *wanted, size_t per_stream);

/*
 * The same without asking the system: limit is how many may be open, of which
 * used are.
 */
void descriptors_fit(
    struct descriptors *wanted, size_t per_stream, size_t limit, size_t used);

#endif
