/* SPDX-License-Identifier: ISC */
/* A file system in a file, as a disk whose power can be cut. */
#ifndef TESTS_LAB_DISK_H
#define TESTS_LAB_DISK_H

/*
 * The file system.  ext4 and XFS have an ioctl that models the cut: nothing
 * reaches the disk after it, not even the journal.  btrfs has none: its image
 * is a file on an ext4 that is cut.  Writes that were not flushed are lost, as
 * from a volatile cache.
 */
enum disk_kind {
	DISK_EXT4,
	DISK_XFS,
	DISK_BTRFS,
	DISK_KINDS
};

/*
 * Make the disk, an ext4 if no kind is given, and mount it on a new directory.
 * Both are names in the working directory.  From now on only this process and
 * its children see what it mounts.  Returns 0, or -1 if there can be no such
 * disk: it needs Linux, root, loop devices and the programs.  Other errors fail
 * the test.
 */
int disk_begin(const char *image, const char *directory);
int disk_begin_as(
    enum disk_kind kind, const char *image, const char *directory);

/* The name of the kind, as in tests/skips. */
const char *disk_name(enum disk_kind kind);

/*
 * Cut the power: what was not synced is lost, and every later call fails.
 * Source: xfstests, src/godown.c; Linux, fs/ext4/ext4.h and
 * fs/xfs/libxfs/xfs_fs.h, which use the same number.
 */
void disk_cut(const char *directory);

/* Restore the power; no process may use the disk. */
void disk_restore(const char *image, const char *directory);

/* Mount it again with this option, such as "ro". */
void disk_remount(const char *directory, const char *option);

/* Unmount it; the check of its file system must succeed. */
void disk_end(const char *image, const char *directory);

#endif
