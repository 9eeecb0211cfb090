/* SPDX-License-Identifier: ISC */
/* A disk of one's own, an ext4 in a file, whose power can be cut. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif

#include "tests/lab/disk.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/run.h"

#define SIZE (32 << 20)

/* No heuristics that save what was not synced: those of others have none. */
#define OPTIONS "loop,noauto_da_alloc,commit=300"

/* What is mounted from now on is our own affair. */
static int
leave_the_others(void)
{
#if defined(__linux__)
	struct run run;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0)
		return -1;
	RUN(&run, "mount", "--make-rprivate", "/");
	return run.status == 0 ? 0 : -1;
#else
	return -1;
#endif
}

int
disk_begin(const char *image, const char *folder)
{
	struct run run;

	if (leave_the_others() != 0)
		return -1;
	file_write(image, "");
	ck_assert_int_eq(truncate(image, SIZE), 0);
	folder_make(folder);
	RUN(&run, "mkfs.ext4", "-q", image);
	if (run.status != 0)
		return -1;
	RUN(&run, "mount", "-o", OPTIONS, image, folder);
	return run.status == 0 ? 0 : -1;
}

void
disk_cut(const char *folder)
{
	/* The log is not written out before. */
	uint32_t how = 2;
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, _IOR('X', 125, uint32_t), &how), 0);
	close(fd);
}

void
disk_restore(const char *image, const char *folder)
{
	struct run run;

	RUN(&run, "umount", folder);
	run_check(&run, 0, NULL);
	RUN(&run, "mount", "-o", OPTIONS, image, folder);
	run_check(&run, 0, NULL);
}

void
disk_remount(const char *folder, const char *option)
{
	char options[64];
	struct run run;

	snprintf(options, sizeof(options), "remount,%s", option);
	RUN(&run, "mount", "-o", options, folder);
	run_check(&run, 0, NULL);
}

void
disk_end(const char *image, const char *folder)
{
	struct run run;

	RUN(&run, "umount", folder);
	run_check(&run, 0, NULL);
	RUN(&run, "e2fsck", "-fn", image);
	run_check(&run, 0, NULL);
}
