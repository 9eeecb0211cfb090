/* SPDX-License-Identifier: ISC */
/* Whether what was answered was true by then: a record, judged. */
#ifndef TESTS_SYSTEM_ORACLE_H
#define TESTS_SYSTEM_ORACLE_H

/* What a record of tests/lab/record.h came to. */
struct oracle {
	int durable;	 /* answers that said stored, and durable */
	int untrue;	 /* of them, and of files, for which it did not hold */
	char first[256]; /* what was wrong at first */
};

/*
 * Go through the record of one server.  A file is settled when it was synced
 * after its last change, then got its name, and then its directory was synced,
 * as was the parent of each directory above it that was made.  When a process
 * sends an answer that says durable, all that it has published must be settled,
 * and there must be as many settled files and other syncs as such answers.
 */
void oracle_judge(struct oracle *oracle, const char *path);

#endif
