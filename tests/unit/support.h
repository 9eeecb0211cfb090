/* SPDX-License-Identifier: ISC */
/* An empty directory for each test, and operations on files in it. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <check.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A test case.  Each test runs in an empty directory, with the umask 022.  Only
 * errors are logged.  Each test must close its descriptors, and leave no
 * child.
 */
TCase *support_case(const char *name);

/* Tag of test cases that limit resources, and so fail under valgrind. */
#define SUPPORT_LIMITS "limits"

/* Returns the number of open descriptors. */
size_t support_descriptors(void);

/* Report a skipped test.  The file tests/skips lists the names. */
void support_skip(const char *name, const char *reason);

/*
 * Make large allocations fail, until support_restore_memory is called.  If a
 * sanitizer would then end the process, support_can_limit_memory reports a skip
 * and returns 0.
 */
int support_can_limit_memory(void);
void support_limit_memory(void);
void support_restore_memory(void);

/*
 * Mount a tmpfs of this many KiB on a new directory until the end of the test
 * case.  Returns nonzero.  If mounting is not permitted, reports a skip, and
 * returns 0.
 */
int support_mount(const char *path, unsigned kilobytes);

/* As support_mount, but bind mount from, a directory or a file, on path. */
int support_bind(const char *from, const char *path);

/* Make a file with this text. */
void file_make(const char *path, const char *text);

/* Expect a regular file with exactly these bytes. */
void file_expect(const char *path, const void *bytes, size_t length);
void file_expect_text(const char *path, const char *text);

/* Nonzero if the name exists, even as a dangling symbolic link. */
int file_exists(const char *path);

/* Nonzero if the path, which must exist, refers to the open file fd. */
int file_is(int fd, const char *path);

/* Returns the type and the permissions; the file must exist. */
mode_t file_mode(const char *path);

void directory_make(const char *path);

/* Returns the number of entries. */
size_t directory_count(const char *path);

#endif
