/* SPDX-License-Identifier: ISC */
/* What the user wants left out of a tree. */
#ifndef CLIENT_SETTINGS_EXCLUDE_H
#define CLIENT_SETTINGS_EXCLUDE_H

#include "common/settings.h"

/* A check for the table of settings: 0, or -1 with a reason. */
int exclude_check(const char *pattern, const char **reason);

/*
 * Nonzero if one of the patterns matches the path, which lies below what the
 * user named, or the last component of it.
 */
int exclude_matches(const struct setting_list *patterns, const char *path);

#endif
