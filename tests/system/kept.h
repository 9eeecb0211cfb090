/* SPDX-License-Identifier: ISC */
/* A partial of a file with holes, made by the test; errors fail the test. */
#ifndef TESTS_SYSTEM_KEPT_H
#define TESTS_SYSTEM_KEPT_H

#define KEPT_NAME "l"

/* Make large/l and new/l: data, a hole, data and a hole. */
void kept_make(void);

/*
 * Make the files, and cut a put of large/l to in/d/l, to get the path of its
 * partial.
 */
void kept_begin(void);

/* Write the partial: more than half of the file, as a cut put leaves it. */
void kept_plant(void);

/* Returns the path of the partial. */
const char *kept_path(void);

/* Write a partial of the same length with other content. */
void kept_plant_another(void);

#endif
