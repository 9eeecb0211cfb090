/* SPDX-License-Identifier: ISC */
/* A directory that is full of traps, and what lies outside of it. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

/* Below the working directory: what nobody may touch. */
void tree_make_outside(void);
void tree_check_outside(void);

/*
 * In an open directory beside that: a file, directories, links that lead out,
 * a FIFO.
 */
void tree_plant(int root);

/* Remove what lies in it, and in its staging directory, which stays. */
void tree_empty(int root, int staging);

#endif
