/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: record the calls of a program in their order. */
#ifndef TESTS_LAB_RECORD_H
#define TESTS_LAB_RECORD_H

#include <stddef.h>

/*
 * A line holds a process, a verb and its objects, separated by spaces.  Paths
 * are absolute; spaces, '%' and all but printable ASCII are written as %XX.
 * The shim records only calls that it made and that succeeded:
 *
 *   PID accept FD            a new connection
 *   PID send FD HEX          bytes that were sent to a peer
 *   PID change PATH          a file's bytes, mode, owner or time
 *   PID sync PATH            a file or directory
 *   PID move OLD NEW         renameat and linkat
 *   PID mkdir PATH
 */

/* Append to this file; NULL: record nothing. */
void record_open(const char *path);

/*
 * Nonzero if this is the descriptor of the record; the program must not close
 * it.
 */
int record_owns(int fd);

void record_accept(int fd);
void record_write(int fd, const void *bytes, size_t length);
void record_change(int fd);
void record_sync(int fd, int good);
void record_move(int from, const char *old, int to, const char *name);
void record_mkdir(int parent, const char *name);

#endif
