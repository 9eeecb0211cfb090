/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: the record of what a program did, in its order. */
#ifndef TESTS_LAB_RECORD_H
#define TESTS_LAB_RECORD_H

#include <stddef.h>

/*
 * A line is a process, a word, and what it is about, separated by spaces.
 * Paths are absolute; in them all but printable ASCII is written as %XX, and
 * so are spaces and '%'.  Only what was really done, and went well, is written:
 *
 *   PID accept FD            a connection begins
 *   PID send FD HEX          bytes that were sent to a peer
 *   PID change PATH          a file's bytes, mode, owner or time
 *   PID sync PATH            a file or directory
 *   PID move OLD NEW         renameat and linkat
 *   PID mkdir PATH
 */

/* Begin a record at the end of this file; NULL: there will be none. */
void record_open(const char *path);

/* Nonzero if this is the record's descriptor, which no program may close. */
int record_owns(int fd);

void record_accept(int fd);
void record_write(int fd, const void *bytes, size_t length);
void record_change(int fd);
void record_sync(int fd, int good);
void record_move(int from, const char *old, int to, const char *name);
void record_mkdir(int parent, const char *name);

#endif
