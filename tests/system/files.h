/* SPDX-License-Identifier: ISC */
/* Make, inspect and compare files; errors fail the test. */
#ifndef TESTS_SYSTEM_FILES_H
#define TESTS_SYSTEM_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Make a file whose bytes depend on size and seed and do not repeat. */
void file_make(const char *path, uint64_t size, unsigned seed);

/* Make a file with this text. */
void file_write(const char *path, const char *text);

/*
 * Returns the content of a file, at most a megabyte, with a final NUL.  The
 * caller frees it.
 */
char *file_read(const char *path);

/* Nonzero if both are regular files with the same bytes. */
int file_equal(const char *one, const char *other);

/* Nonzero if the name exists; symbolic links are not followed. */
int file_exists(const char *path);

uint64_t file_size(const char *path);
mode_t file_mode(const char *path);
ino_t file_inode(const char *path);

/* Make a directory with mode 0755. */
void directory_make(const char *path);

/*
 * Returns how many entries there are, without the ".ftx-" names of the server.
 */
int directory_count(const char *path);

/* Returns how many files the staging directories of a root hold. */
int directory_count_staged(const char *root);

/* Returns how many bytes the staged files of a root have together. */
uint64_t directory_staged_bytes(const char *root);

/*
 * Remove a tree, if it exists.  Returns 0 or -1, and does not fail the test:
 * harness_close calls it, too.
 */
int directory_remove(const char *path);

#endif
