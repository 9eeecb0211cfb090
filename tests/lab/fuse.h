/* SPDX-License-Identifier: ISC */
/* A file system with one file, which stops in a call until it is let go. */
#ifndef TESTS_LAB_FUSE_H
#define TESTS_LAB_FUSE_H

#include <stdatomic.h>
#include <sys/types.h>

/* The only file, and what it holds. */
#define FUSE_FILE "slow"
#define FUSE_CONTENT "what the slow file holds\n"

/* The calls of a program that it may stop in. */
enum fuse_call {
	FUSE_STAT, /* by its name */
	FUSE_FSTAT,
	FUSE_OPENED,
	FUSE_READING,
	FUSE_CLOSE,
	FUSE_OPENED_FOLDER,
	FUSE_READ_FOLDER,
	FUSE_CALLS
};

struct fuse_shared {
	atomic_int stopped; /* in that call */
	atomic_int go;	    /* set by the test: stop no longer */
};

struct fuse {
	pid_t pid;
	const char *folder;
	struct fuse_shared *shared; /* kept until the end */
};

/*
 * From now on what this process mounts is seen by nobody but its children.
 * Returns 0, or -1 where there can be no such file system: it needs Linux, root
 * and /dev/fuse.
 */
int fuse_begin(void);

/*
 * Mount it on a folder, which is made.  It stops in that call, of the file or,
 * with the last two, of the folder, but for signals to who calls.  Errors fail
 * the test.
 */
void fuse_mount(struct fuse *fuse, const char *folder, enum fuse_call call);

/* Let it go on; unmount it. */
void fuse_go(const struct fuse *fuse);
void fuse_end(struct fuse *fuse);

#endif
