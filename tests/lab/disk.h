/* SPDX-License-Identifier: ISC */
/* A file system in a file, as a disk whose power can be cut. */
#ifndef TESTS_LAB_DISK_H
#define TESTS_LAB_DISK_H

/*
 * The file system.  After an ioctl, ext4 and XFS write nothing more to the
 * disk, not even the journal.  btrfs has no such ioctl: its image is a file on
 * an ext4, and the ext4 is cut.  Writes that were not flushed are lost, as from
 * a volatile cache.
 */
enum disk_kind {
	DISK_EXT4,
	DISK_XFS,
	DISK_BTRFS,
	DISK_KINDS
};

/*
 * Make a disk, and mount it on a new directory; disk_begin makes an ext4.  Both
 * are names in the working directory.  Only this process and its children see
 * the mounts.  Returns 0, or -1 if the machine lacks Linux, root, loop devices
 * or the programs.  Other errors fail the test.
 */
int disk_begin(const char *image, const char *directory);
int disk_begin_as(
    enum disk_kind kind, const char *image, const char *directory);

/* The name of the kind, as in tests/skips. */
const char *disk_name(enum disk_kind kind);

/*
 * Cut the power: data that was not synced is lost, and later calls fail.
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
