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
	atomic_int stopped; /* a process is blocked */
	atomic_int go;	    /* set by the test: unblock */
};

struct fuse {
	pid_t pid;
	const char *directory;
	struct fuse_shared *shared; /* stays mapped */
};

/*
 * From now on only this process and its children see what it mounts.  Returns
 * 0, or -1 if FUSE cannot be used: it needs Linux, root and /dev/fuse.
 */
int fuse_begin(void);

/*
 * Mount it on a new directory.  The call blocks on the file or, for the last
 * two calls, on the directory; a signal to the caller interrupts it.  Errors
 * fail the test.
 */
void fuse_mount(struct fuse *fuse, const char *directory, enum fuse_call call);

/* Unblock; unmount. */
void fuse_go(const struct fuse *fuse);
void fuse_end(struct fuse *fuse);

#endif
