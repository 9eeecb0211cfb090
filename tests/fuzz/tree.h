/* SPDX-License-Identifier: ISC */
/* A receiving directory with links that lead outside, and files outside. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

/* Make files outside of the receiving directory; nothing may change them. */
void tree_make_outside(void);
void tree_check_outside(void);

/*
 * Make in the open receiving directory: a file, a directory, links that lead
 * outside, and a FIFO.
 */
void tree_plant(int root);

/* Empty the receiving directory and its staging directory, which stays. */
void tree_empty(int root, int staging);

#endif
