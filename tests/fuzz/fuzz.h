/* SPDX-License-Identifier: ISC */
/* Shared by the fuzzers: checks that are active in every build. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Unlike assert(), also with NDEBUG; the stack trace shows the line. */
#define fuzz_check(condition)                                                  \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (0)

/* libFuzzer calls this in a working directory of the fuzzer's own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
