/* SPDX-License-Identifier: ISC */
/* File systems of many kinds, each mounted from a file of its own. */
#ifndef TESTS_LAB_VOLUME_H
#define TESTS_LAB_VOLUME_H

#include <sys/types.h>

/* What one run of sh does; $1 is the image, $2 the folder it is mounted on. */
struct volume_kind {
	const char *name;
	const char *needs; /* fails where a program or the kernel lacks it */
	const char *make;  /* in the image, a sparse file that is there */
	const char *mount;
	const char *serve;   /* FUSE: mounts it, and stays until that ends */
	const char *unmount; /* NULL: as mounted */
	const char *check;   /* fails if the unmounted one has faults */
};

/* One at a time in a process. */
struct volume {
	const struct volume_kind *kind;
	const char *image, *folder; /* names in the working directory */
	pid_t server;		    /* of FUSE, or 0 */
};

/*
 * Let what this process mounts be seen by nobody but its children, and go with
 * them.  Returns 0, or -1 where that cannot be: it needs Linux and root.
 */
int volume_leave_others(void);

/*
 * Make and mount one of this kind.  Returns 0, or -1 where that cannot be.  All
 * other errors fail the test, here and below.
 */
int volume_begin(struct volume *volume, const struct volume_kind *kind,
    const char *image, const char *folder);

/* Unmount it, which nobody may use, and mount it again. */
void volume_again(struct volume *volume);

/* Unmount it; it must be without faults then. */
void volume_end(struct volume *volume);

#endif
