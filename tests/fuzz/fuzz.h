/* SPDX-License-Identifier: ISC */
/* Shared by the fuzzers: checks that are active in every build. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Like assert(), but also with NDEBUG.  The stack trace shows the line. */
#define fuzz_check(condition)                                                  \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (0)

/* libFuzzer calls this; only this fuzzer uses the working directory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
