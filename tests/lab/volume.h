/* SPDX-License-Identifier: ISC */
/* File systems of many kinds, each in an image file. */
#ifndef TESTS_LAB_VOLUME_H
#define TESTS_LAB_VOLUME_H

#include <sys/types.h>

/* Commands for sh; $1 is the image, $2 the mount point. */
struct volume_kind {
	const char *name;
	const char *needs; /* fails if a program or the kernel lacks it */
	const char *make;  /* in the image, an existing sparse file */
	const char *mount;
	const char *serve; /* FUSE: mounts it, and runs until it is unmounted */
	const char *unmount; /* NULL: as mounted */
	const char *check;   /* fails if the unmounted file system has errors */
};

/* One at a time in a process. */
struct volume {
	const struct volume_kind *kind;
	const char *image, *directory; /* names in the working directory */
	pid_t server;		       /* of FUSE, or 0 */
};

/*
 * From now on only this process and its children see what it mounts.  Returns
 * 0, or -1 if that is not possible: it needs Linux and root.
 */
int volume_leave_others(void);

/*
 * Make and mount one.  Returns 0, or -1 if this machine cannot.  All other
 * errors fail the test, here and below.
 */
int volume_begin(struct volume *volume, const struct volume_kind *kind,
    const char *image, const char *directory);

/* Unmount it and mount it again; no process may use it. */
void volume_again(struct volume *volume);

/* Unmount it; its check must succeed. */
void volume_end(struct volume *volume);

#endif
