/* SPDX-License-Identifier: ISC */
/* A FUSE file system with one file, which blocks in one call. */
#ifndef TESTS_LAB_FUSE_H
#define TESTS_LAB_FUSE_H

#include <stdatomic.h>
#include <sys/types.h>

/* The only file and its content. */
#define FUSE_FILE "slow"
#define FUSE_CONTENT "what the slow file holds\n"

/* The calls that can block. */
enum fuse_call {
	FUSE_STAT, /* by name */
	FUSE_FSTAT,
	FUSE_OPENED,
	FUSE_READING,
	FUSE_CLOSE,
	FUSE_OPENED_DIRECTORY,
	FUSE_READ_DIRECTORY,
	FUSE_CALLS
};

struct fuse_shared {
	atomic_int blocked;   /* a process is blocked */
	atomic_int unblocked; /* the test sets it to unblock */
};

struct fuse {
	pid_t pid;
	const char *directory;
	struct fuse_shared *shared; /* stays mapped */
};

/*
 * Move this process into a mount namespace: only it and its children see its
 * mounts.  Returns 0, or -1 if the machine lacks Linux, root or /dev/fuse.
 */
int fuse_begin(void);

/*
 * Mount the file system on a new directory.  The call blocks on the file or,
 * for the last two calls, on the directory.  A signal to the caller interrupts
 * it.  Errors fail the test.
 */
void fuse_mount(struct fuse *fuse, const char *directory, enum fuse_call call);

/* Unblock; unmount. */
void fuse_unblock(const struct fuse *fuse);
void fuse_end(struct fuse *fuse);

#endif
