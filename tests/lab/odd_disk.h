/* SPDX-License-Identifier: ISC */
/* A small file system in memory, through FUSE, that lacks what a test wishes.
 */
#ifndef TESTS_LAB_ODD_DISK_H
#define TESTS_LAB_ODD_DISK_H

#include <stdint.h>
#include <sys/types.h>

enum odd_disk_trait {
	/* There are no hard links in any case. */
	ODD_FOLDS = 1,		 /* names by case, and e with an acute accent */
	ODD_FOLDS_IN_PLACES = 2, /* only where a directory has the attribute */
	ODD_NO_NEW_NAMES = 4,	 /* no rename without replacing */
	ODD_REFUSES_MODES = 8,
	ODD_IGNORES_MODES = 16,
	ODD_DROPS_ONE_TIME = 32, /* unless both are set */
	ODD_DROPS_TIMES = 64
};

/* Granularity in ns and range in seconds; it shows a time as it was set for a
 * second, before it shows what it keeps. */
#define ODD_ANY_TIME .least = INT64_MIN, .most = INT64_MAX

struct odd_disk {
	unsigned traits; /* a sum of enum odd_disk_trait */
	uint64_t granularity;
	int64_t least, most;
	/* Its own: */
	const char *folder;
	pid_t server;
};

/*
 * Mount it on the folder, which is made, where nobody sees it but this process
 * and its children.  Returns 0, or -1 where that cannot be: it needs Linux and
 * root.
 */
int odd_disk_begin(struct odd_disk *disk, const char *folder);

/* Unmount it, which nobody may use, and end its process. */
void odd_disk_end(struct odd_disk *disk);

#endif
