/* SPDX-License-Identifier: ISC */
/* A disk of one's own, an ext4 in a file, whose power can be cut. */
#ifndef TESTS_LAB_DISK_H
#define TESTS_LAB_DISK_H

/*
 * Errors fail the test, but that disk_begin returns -1 where there can be no
 * such disk: it needs Linux, root and loop devices.  The disk, its file and its
 * folder have one name each in the working directory; from disk_begin on, what
 * this process mounts is seen by nobody but its children, and goes with them.
 */
int disk_begin(const char *image, const char *folder);

/*
 * Cut its power: what was not synced is lost, and every call that comes to it
 * fails.  Source: xfstests, src/godown.c; Linux, fs/ext4/ext4.h.
 */
void disk_cut(const char *folder);

/* Give it power again, when nobody uses it any more. */
void disk_restore(const char *image, const char *folder);

/* Mount it again with this option, such as "ro". */
void disk_remount(const char *folder, const char *option);

/* Take it out; its file system must be without faults then. */
void disk_end(const char *image, const char *folder);

#endif
