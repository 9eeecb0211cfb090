/* SPDX-License-Identifier: ISC */
/* Make and compare trees; errors fail the test. */
#ifndef TESTS_SYSTEM_TREES_H
#define TESTS_SYSTEM_TREES_H

/* Make a tree of the files "1", "a/2" and "a/b/3" and an empty directory. */
void trees_make(const char *path);

/* Both must hold the same names and bytes. */
void trees_check_equal(const char *one, const char *other);

#endif
