/* SPDX-License-Identifier: ISC */
/* What the fuzzers' entries share: claims that hold in every build. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Not assert(), which NDEBUG takes away; the stack tells the line. */
#define fuzz_check(condition)                                                  \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (0)

/* What libFuzzer calls, in a working directory that is the entry's own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
