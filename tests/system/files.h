/* SPDX-License-Identifier: ISC */
/* Files that tests make, look at and compare; errors fail the test. */
#ifndef TESTS_SYSTEM_FILES_H
#define TESTS_SYSTEM_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Make a file of bytes that depend on size and seed and do not repeat. */
void file_make(const char *path, uint64_t size, unsigned seed);

/* Make a file of this text. */
void file_write(const char *path, const char *text);

/* All of a file of up to a megabyte, ended by a NUL; the caller frees it. */
char *file_read(const char *path);

/* Nonzero if both are regular files of the same bytes. */
int file_equal(const char *one, const char *other);

/* Nonzero if the name exists; a symbolic link counts for itself. */
int file_exists(const char *path);

uint64_t file_size(const char *path);
mode_t file_mode(const char *path);
ino_t file_inode(const char *path);

/* Make a directory with mode 0755. */
void folder_make(const char *path);

/* Entries of a directory, but for the server's own ".ftx-" names. */
int folder_count(const char *path);

/* Files in the staging folders of a receiving directory. */
int folder_count_staged(const char *root);

/*
 * Remove a tree; a name that does not exist is one, too.  Returns 0 or -1: it
 * is also used outside of tests.
 */
int folder_remove(const char *path);

#endif
