/* SPDX-License-Identifier: ISC */
/* Judge a record: was each result true when it was sent? */
#ifndef TESTS_SYSTEM_ORACLE_H
#define TESTS_SYSTEM_ORACLE_H

/* The verdict on a record of tests/lab/record.h. */
struct oracle {
	int durable;	 /* results that said stored and durable */
	int untrue;	 /* results and files for which that was not true */
	char first[256]; /* the first of them, in words */
};

/*
 * Read the record of one server.  A file is durable when it was synced after
 * its last change, then got its name, and then its directory was synced, as was
 * the parent of each new directory above it.  When a process sends a durable
 * result, all that it has published must be durable, and there must be as many
 * durable files and other syncs as such results.
 */
void oracle_judge(struct oracle *oracle, const char *path);

#endif
