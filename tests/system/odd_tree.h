/* SPDX-License-Identifier: ISC */
/* A tree of odd names, sizes, times and modes; errors fail the test. */
#ifndef TESTS_SYSTEM_ODD_TREE_H
#define TESTS_SYSTEM_ODD_TREE_H

#include <stdint.h>

/* Features of a file system that a file of the tree needs. */
enum odd_feature {
	ODD_BYTES = 1,	/* a name that is not UTF-8 */
	ODD_SIGNS = 2,	/* a name with characters that Windows refuses */
	ODD_CASE = 4,	/* two names that differ only in case */
	ODD_NORMAL = 8, /* two Unicode spellings of one name */
	ODD_BEFORE_1980 = 16,
	ODD_BEFORE_1970 = 32,
	ODD_FRACTION_BEFORE_1970 = 64, /* of a second */
	ODD_AFTER_2038 = 128,
	ODD_YEAR_9999 = 256
};

/* What a file system refuses, and what it does not keep. */
struct odd_limits {
	unsigned refused;    /* of enum odd_feature */
	int64_t granularity; /* of times, in nanoseconds; 0: exact */
	int no_modes;	     /* all files have the same mode */
	int no_exclusive;    /* no-clobber is not possible */
};

/* The result that ftx must have reported for each file. */
enum odd_outcome {
	ODD_STORED,    /* all files that can be, with mode and time */
	ODD_UNCHANGED, /* the same, except those whose time cannot be kept */
	ODD_EXISTS     /* the existing files are left */
};

/*
 * Make the tree on a file system that keeps all times.  Another version has
 * other bytes in files of the same size.
 */
void odd_tree_make(const char *directory, unsigned version);

/*
 * Check the output of "ftx put -v" in the file output, and the files in the
 * target.  Remembers which files were stored.
 */
void odd_tree_check(const struct odd_limits *limits, enum odd_outcome outcome,
    const char *output, const char *directory, const char *target);

/* All files that the last check found must exist unchanged. */
void odd_tree_check_still(
    const struct odd_limits *limits, const char *directory, const char *target);

#endif
