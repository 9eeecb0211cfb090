/* SPDX-License-Identifier: ISC */
/* Check a record: a file must be durable before its durable result is sent. */
#ifndef TESTS_SYSTEM_ORACLE_H
#define TESTS_SYSTEM_ORACLE_H

/* What a check of a record of tests/lab/record.h found. */
struct oracle {
	int durable;	 /* results with "stored" and durable */
	int violations;	 /* results and files that were not durable */
	char first[256]; /* a description of the first of these */
};

/*
 * Check the record of one server.  A file is durable after a sync that follows
 * its last change, then its rename, then a sync of its directory.  The parent
 * of each new directory above it must be synced, too.  When a process sends a
 * durable result, all files that it published must be durable.  Each durable
 * result needs one durable file or a sync of another path.
 */
void oracle_check(struct oracle *oracle, const char *path);

#endif
