/* SPDX-License-Identifier: ISC */
/* A receiving directory full of traps, and files outside of it. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

/* Below the working directory: nothing may change it. */
void tree_make_outside(void);
void tree_check_outside(void);

/*
 * In an open directory beside it: a file, directories, links that lead out, and
 * a FIFO.
 */
void tree_plant(int root);

/* Remove its contents, and those of its staging directory, which stays. */
void tree_empty(int root, int staging);

#endif
