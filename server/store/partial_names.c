/* SPDX-License-Identifier: ISC */
/* The names of all partials, read once for each connection. */
#include "server/store/partial_names.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store/partial.h"

/* Returns 0, or -1 if there is no room. */
static int
add(struct partial_names *names, const char *name)
{
	size_t capacity = names->capacity == 0 ? 16 : 2 * names->capacity;

	if (names->count == names->capacity) {
		void *larger = capacity > PARTIAL_NAMES_MOST
		    ? NULL
		    : realloc(names->names, capacity * sizeof(*names->names));

		if (larger == NULL)
			return -1;
		names->names = larger;
		names->capacity = capacity;
	}
	snprintf(names->names[names->count++], STORE_NAME, "%.*s",
	    STORE_NAME - 1, name);
	return 0;
}

void
partial_names_read(struct partial_names *names, const struct store *store)
{
	DIR *directory;
	struct dirent *entry;

	if (names->is_read)
		return;
	names->is_read = 1;
	directory = store_list(store);
	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (partial_is_name(entry->d_name) &&
		    store_is_own(store, entry->d_name) &&
		    strlen(entry->d_name) < STORE_NAME &&
		    add(names, entry->d_name) == -1)
			break;
	closedir(directory);
}

void
partial_names_release(struct partial_names *names)
{
	free(names->names);
	*names = (struct partial_names){NULL, 0, 0, 0};
}
