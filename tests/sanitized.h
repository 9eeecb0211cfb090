/* SPDX-License-Identifier: ISC */
/* Whether the tests are built with AddressSanitizer. */
#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

/*
 * AddressSanitizer keeps freed memory, ends a process that runs out of memory,
 * and reads /proc to find leaks.
 */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

#endif
