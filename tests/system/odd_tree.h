/* SPDX-License-Identifier: ISC */
/* A tree of odd names, sizes, times and modes; errors fail the test. */
#ifndef TESTS_SYSTEM_ODD_TREE_H
#define TESTS_SYSTEM_ODD_TREE_H

#include <stdint.h>

/* What a file asks of a file system, beyond what each has. */
enum odd_wish {
	ODD_BYTES = 1,	/* a name that is not UTF-8 */
	ODD_SIGNS = 2,	/* a name with signs that Windows does not take */
	ODD_CASE = 4,	/* two names that differ in case only */
	ODD_NORMAL = 8, /* two spellings of one name of Unicode */
	ODD_BEFORE_1980 = 16,
	ODD_BEFORE_1970 = 32,
	ODD_FRACTION_BEFORE_1970 = 64, /* of a second */
	ODD_AFTER_2038 = 128,
	ODD_YEAR_9999 = 256
};

/* What a file system can: wishes it refuses, and what it keeps of the rest. */
struct odd_limits {
	unsigned refused;    /* of enum odd_wish */
	int64_t granularity; /* of times, in nanoseconds; 0: each is kept */
	int no_modes;	     /* all files have the same one */
	int no_exclusive;    /* a name cannot be taken only if it is free */
};

/* What a run must have said of each file, and what must be there. */
enum odd_outcome {
	ODD_STORED,    /* all that can be, with mode and time */
	ODD_UNCHANGED, /* the same, but those without a fitting time */
	ODD_EXISTS     /* what was there before is left */
};

/*
 * Make the tree, where all times can be kept; another version has other bytes
 * in files of the same size.
 */
void odd_tree_make(const char *folder, unsigned version);

/*
 * Check what "ftx put -v" said, which is in a file, when it put the folder's
 * contents to the target, and what is there now.  Sets what was stored.
 */
void odd_tree_check(const struct odd_limits *limits, enum odd_outcome outcome,
    const char *said, const char *folder, const char *target);

/* All that the last check found there must be there still, to the bit. */
void odd_tree_check_still(
    const struct odd_limits *limits, const char *folder, const char *target);

#endif
