/* SPDX-License-Identifier: ISC */
/* Patterns of files that are not sent. */
#ifndef CLIENT_SETTINGS_EXCLUDE_H
#define CLIENT_SETTINGS_EXCLUDE_H

#include "common/settings.h"

/* A check for the table of settings.  Returns 0, or -1 with *reason. */
int exclude_check(const char *pattern, const char **reason);

/*
 * Nonzero if a pattern matches path or its last component.  path is relative to
 * the named source.
 */
int exclude_matches(const struct setting_list *patterns, const char *path);

#endif
