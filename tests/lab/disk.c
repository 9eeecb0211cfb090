/* SPDX-License-Identifier: ISC */
/* A file system in a file, as a disk whose power can be cut. */
#include "tests/lab/disk.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/lab/volume.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"

#define NEEDS(program, type)                                                   \
	"test -e /dev/loop-control; command -v " program "; "                  \
	"grep -qw " type " /proc/filesystems || modprobe -q " type

/*
 * Without these options, ext4 flushes a file that replaces another, and commits
 * every five seconds.  Other file systems do not, so ftxd must not rely on it.
 */
#define EXT4_MOUNT "mount -t ext4 -o loop,noauto_da_alloc,commit=300 "

/* After umount(8), a loop device keeps its file open for a short time. */
#define UNMOUNT_BOTH                                                           \
	"umount \"$2\"; tries=0; until umount \"$2.under\" 2>/dev/null; do "   \
	"tries=$((tries + 1)); [ $tries -lt 500 ]; sleep 0.01; done"

static const struct disk {
	struct volume_kind kind;
	const char
	    *under; /* suffix of the directory whose file system is cut */
} disks[DISK_KINDS] = {
    [DISK_EXT4] = {{.name = "loop",
		       .needs = NEEDS("mkfs.ext4", "ext4"),
		       .make = "truncate -s 32M \"$1\"; mkfs.ext4 -q \"$1\"",
		       .mount = EXT4_MOUNT "\"$1\" \"$2\"",
		       .check = "e2fsck -fn \"$1\""},
	""},
    [DISK_XFS] = {{.name = "xfs",
		      .needs = NEEDS("mkfs.xfs", "xfs"),
		      .make = "mkfs.xfs -q \"$1\"",
		      .mount = "mount -t xfs -o loop \"$1\" \"$2\"",
		      .check = "xfs_repair -n \"$1\""},
	""},
    [DISK_BTRFS] =
	{{.name = "btrfs",
	     .needs = NEEDS("mkfs.btrfs", "btrfs"),
	     .make = "mkfs.ext4 -q \"$1\"; mkdir \"$2.under\"; " EXT4_MOUNT
		     "\"$1\" \"$2.under\"; "
		     "truncate -s 200M \"$2.under/image\"; "
		     "mkfs.btrfs -q \"$2.under/image\"; "
		     "umount \"$2.under\"",
	     .mount = EXT4_MOUNT "\"$1\" \"$2.under\"; "
				 "mount -t btrfs -o loop,commit=300 "
				 "\"$2.under/image\" \"$2\"",
	     .unmount = UNMOUNT_BOTH,
	     .check = EXT4_MOUNT "\"$1\" \"$2.under\"; "
				 "btrfs check \"$2.under/image\"; "
				 "umount \"$2.under\"; e2fsck -fn \"$1\""},
	    ".under"},
};

/* There is only one disk at a time. */
static const struct disk *disk;
static struct volume volume;

/* Fail the test if these are not the names of the disk. */
static void
check_names(const char *image, const char *directory)
{
	ck_assert_str_eq(image, volume.image);
	ck_assert_str_eq(directory, volume.directory);
}

int
disk_begin_as(enum disk_kind kind, const char *image, const char *directory)
{
	disk = &disks[kind];
	return volume_begin(&volume, &disk->kind, image, directory);
}

int
disk_begin(const char *image, const char *directory)
{
	return disk_begin_as(DISK_EXT4, image, directory);
}

const char *
disk_name(enum disk_kind kind)
{
	return disks[kind].kind.name;
}

void
disk_cut(const char *directory)
{
	/* Do not write out the log first. */
	uint32_t how = 2;
	char path[HARNESS_PATH];
	int fd;

	snprintf(path, sizeof(path), "%s%s", directory, disk->under);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, _IOR('X', 125, uint32_t), &how), 0);
	close(fd);
}

void
disk_restore(const char *image, const char *directory)
{
	check_names(image, directory);
	volume_remount(&volume);
}

void
disk_remount(const char *directory, const char *option)
{
	char options[64];
	struct run run;

	snprintf(options, sizeof(options), "remount,%s", option);
	RUN(&run, "mount", "-o", options, directory);
	run_check(&run, 0, NULL);
}

void
disk_end(const char *image, const char *directory)
{
	check_names(image, directory);
	volume_end(&volume);
}
