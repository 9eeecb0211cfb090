/* SPDX-License-Identifier: ISC */
/* A small FUSE file system in memory that lacks chosen features. */
#ifndef TESTS_LAB_ODD_DISK_H
#define TESTS_LAB_ODD_DISK_H

#include <stdint.h>
#include <sys/types.h>

enum odd_disk_trait {
	/* It never has hard links. */
	ODD_FOLDS =
	    1, /* ignores case, and spellings of e with an acute accent */
	ODD_FOLDS_IN_PLACES = 2, /* the same, only in casefold directories */
	ODD_NO_NEW_NAMES = 4,	 /* no RENAME_NOREPLACE */
	ODD_REFUSES_MODES = 8,
	ODD_IGNORES_MODES = 16,
	ODD_DROPS_ONE_TIME = 32, /* if it is set without an access time */
	ODD_DROPS_TIMES = 64
};

/*
 * The range of all times.  For one second after a time was set, stat(2) returns
 * that time.  Later it returns the time that the disk stored.
 */
#define ODD_ANY_TIME .least = INT64_MIN, .most = INT64_MAX

struct odd_disk {
	unsigned traits;      /* enum odd_disk_trait, or-ed */
	uint64_t granularity; /* of times, in nanoseconds */
	int64_t least, most;  /* range of times, in seconds */
	/* Private: */
	const char *directory;
	pid_t server;
};

/*
 * Mount it on a new directory; only this process and its children see it.
 * Returns 0, or -1 if the machine lacks Linux, root or /dev/fuse.
 */
int odd_disk_begin(struct odd_disk *disk, const char *directory);

/* Unmount it and end its process; no other process may use it. */
void odd_disk_end(struct odd_disk *disk);

#endif
