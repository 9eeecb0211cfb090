/* SPDX-License-Identifier: ISC */
/* File systems of many kinds, each in an image file. */
#ifndef TESTS_LAB_VOLUME_H
#define TESTS_LAB_VOLUME_H

#include <sys/types.h>

/* Commands for sh; $1 is the image, $2 the mount point. */
struct volume_kind {
	const char *name;
	const char *needs; /* fails if the machine lacks it */
	const char *make;  /* in the image, an existing sparse file */
	const char *mount;
	const char *serve;   /* FUSE server: mounts it, and runs until umount */
	const char *unmount; /* NULL: umount(8) */
	const char *check;   /* fails if the unmounted file system has errors */
};

/* A process may have only one at a time. */
struct volume {
	const struct volume_kind *kind;
	const char *image, *directory; /* names in the working directory */
	pid_t server;		       /* of FUSE, or 0 */
};

/*
 * Move this process into a mount namespace: only it and its children see its
 * mounts.  Returns 0, or -1 if the machine lacks Linux or root.
 */
int volume_unshare_mounts(void);

/*
 * Make and mount a file system.  Returns 0, or -1 if this machine cannot.  In
 * this function and below, all other errors fail the test.
 */
int volume_begin(struct volume *volume, const struct volume_kind *kind,
    const char *image, const char *directory);

/* Unmount it and mount it again; no process may use it. */
void volume_remount(struct volume *volume);

/* Unmount it; its check must succeed. */
void volume_end(struct volume *volume);

#endif
