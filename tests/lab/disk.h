/* SPDX-License-Identifier: ISC */
/* A disk of one's own, a file system in a file, whose power can be cut. */
#ifndef TESTS_LAB_DISK_H
#define TESTS_LAB_DISK_H

/*
 * What is on it.  ext4 and XFS have a call that models the cut: nothing goes
 * to the disk any more, also not the log.  btrfs has none: its disk is a file
 * on another file system, which is cut, so that what the disk was given but
 * not told to flush is lost as from a volatile cache.
 */
enum disk_kind {
	DISK_EXT4,
	DISK_XFS,
	DISK_BTRFS,
	DISK_KINDS
};

/*
 * Errors fail the test, but that both return -1 where there can be no such
 * disk: it needs Linux, root, loop devices and the programs.  The first makes
 * an ext4.  The disk, its file and its folder have one name each in the
 * working directory; from here on, what this process mounts is seen by nobody
 * but its children, and goes with them.
 */
int disk_begin(const char *image, const char *folder);
int disk_begin_as(enum disk_kind kind, const char *image, const char *folder);

/* The kind's name, also in tests/skips. */
const char *disk_name(enum disk_kind kind);

/*
 * Cut its power: what was not synced is lost, and every call that comes to it
 * fails.  Source: xfstests, src/godown.c; Linux, fs/ext4/ext4.h and
 * fs/xfs/libxfs/xfs_fs.h, which have the same number.
 */
void disk_cut(const char *folder);

/* Give it power again, when nobody uses it any more. */
void disk_restore(const char *image, const char *folder);

/* Mount it again with this option, such as "ro". */
void disk_remount(const char *folder, const char *option);

/* Take it out; its file system must be without faults then. */
void disk_end(const char *image, const char *folder);

#endif
