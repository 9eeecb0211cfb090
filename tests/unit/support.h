/* SPDX-License-Identifier: ISC */
/* A folder of its own for each test, and what is done to files in it. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <check.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A test case whose tests each run in a fresh folder, with umask 022 and
 * without log lines; each must give back all descriptors and leave no child.
 */
TCase *support_case(const char *name);

/* The tag of test cases that limit their process: they limit tools, too. */
#define SUPPORT_LIMITS "limits"

/* How many descriptors are open. */
size_t support_descriptors(void);

/* Print that a test is skipped; the names are those of tests/skips. */
void support_skip(const char *name, const char *reason);

/*
 * From now on nothing large can be allocated, until it is fed again.  It cannot
 * where a sanitizer does not stand that: the test is to be skipped, which has
 * been printed.
 */
int support_can_starve(void);
void support_starve(void);
void support_feed(void);

/*
 * A file system of its own of so many KiB on a folder, which is made; gone
 * after the test case.  Returns 0 if that is not allowed here: the test is to
 * be skipped, which has been printed.
 */
int support_mount(const char *path, unsigned kilobytes);

/* The same for a mount of what is at from, a folder or a file, on path. */
int support_bind(const char *from, const char *path);

/* Make a file of this text. */
void file_make(const char *path, const char *text);

/* The file must be a regular one of exactly these bytes. */
void file_expect(const char *path, const void *bytes, size_t length);
void file_expect_text(const char *path, const char *text);

/* Nonzero if the name exists; a symbolic link counts for itself. */
int file_exists(const char *path);

/* Nonzero if the path, which must exist, leads to what fd has open. */
int file_is(int fd, const char *path);

/* Type and permissions; the file must exist. */
mode_t file_mode(const char *path);

void folder_make(const char *path);

/* How many names are in it. */
size_t folder_count(const char *path);

#endif
