/* SPDX-License-Identifier: ISC */
/* Patterns of files that are not sent. */
#include "client/settings/exclude.h"

#include <fnmatch.h>
#include <string.h>

int
exclude_check(const char *pattern, const char **reason)
{
	size_t length = strlen(pattern);

	/* Otherwise the pattern would silently never match. */
	*reason = "a pattern matches a name or a path below the source; it "
		  "neither begins nor ends with a slash";
	return length == 0 || pattern[0] == '/' || pattern[length - 1] == '/'
	    ? -1
	    : 0;
}

int
exclude_matches(const struct setting_list *patterns, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->items[i];

		if (fnmatch(pattern, name, 0) == 0 ||
		    fnmatch(pattern, path, FNM_PATHNAME) == 0)
			return 1;
	}
	return 0;
}
