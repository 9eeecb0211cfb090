/* SPDX-License-Identifier: ISC */
/* Trees that tests make and compare; errors fail the test. */
#ifndef TESTS_SYSTEM_TREES_H
#define TESTS_SYSTEM_TREES_H

/* Make one of files, "1", "a/2" and "a/b/3", folders and an empty folder. */
void trees_make(const char *path);

/* Both must hold the same names and bytes. */
void trees_check_equal(const char *one, const char *other);

#endif
