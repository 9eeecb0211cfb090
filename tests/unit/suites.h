/* SPDX-License-Identifier: ISC */
/* The suites of one unit program.  make lists them by the names of files. */
#ifndef TESTS_UNIT_SUITES_H
#define TESTS_UNIT_SUITES_H

#include <check.h>

/* Ends with NULL. */
extern Suite *(*const suites[])(void);

#endif
