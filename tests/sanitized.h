/* SPDX-License-Identifier: ISC */
/* Whether this is built with a sanitizer of memory. */
#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

/*
 * One keeps what was freed, ends what has no memory, and looks into /proc for
 * leaks.
 */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED 0
#endif

#endif
