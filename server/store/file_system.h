/* SPDX-License-Identifier: ISC */
/* What the file system of the receiving directory can and cannot do. */
#ifndef SERVER_STORE_FILE_SYSTEM_H
#define SERVER_STORE_FILE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Whether two names that differ in bytes can be one. */
enum file_system_names {
	NAMES_DIFFER,
	NAMES_FOLD,	      /* by case, or by the form of Unicode */
	NAMES_FOLD_IN_PLACES, /* in directories with that attribute */
};

enum file_system_modes {
	MODES_KEPT,
	MODES_IGNORED, /* a change succeeds, and does nothing */
	MODES_REFUSED  /* a change fails */
};

/* How a file gets a name that must not be there yet. */
enum file_system_new_names {
	NEW_BY_LINK,
	NEW_BY_RENAME,
	NEW_NEVER
};

struct file_system {
	int known; /* nonzero: found out; 0: safe assumptions */
	enum file_system_names names;
	enum file_system_modes modes;
	enum file_system_new_names new_names;
	int sets_both_times;  /* the time of access has to be set, too */
	uint64_t granularity; /* of times, in ns; 0: none are kept */
	int64_t first, last;  /* seconds since 1970, seen to be kept */
	int64_t least, most;  /* times beyond these are never kept */
	int fills_holes;      /* they take up as much room as data */
	uint64_t largest;     /* bytes of a file, as far as the system tells */
};

/*
 * Find all of that out with a few files in a folder, which are removed again.
 * What a kill leaves behind has a name that file_system_owns knows.  Returns 0,
 * or -1 with errno if it cannot be done now; then system gets assumptions that
 * are safe, but may cost more calls.
 */
int file_system_learn(struct file_system *system, int folder);

/* Nonzero if that is the name of a file or folder of file_system_learn. */
int file_system_owns(const char *name);

/* Nonzero if it is, and a process of this host that still runs made it. */
int file_system_is_probed(const char *name);

/* Nonzero if names fold in this open directory. */
int file_system_folds(const struct file_system *system, int directory);

/*
 * Nonzero if the file system can keep that time of modification, rounded to its
 * granularity.  Times that were not tried before are tried in folder.
 */
int file_system_keeps_time(const struct file_system *system, int folder,
    const struct timespec *modified);

/* Nonzero if found is the requested time, rounded down or up. */
int file_system_is_time(const struct file_system *system,
    const struct timespec *found, const struct timespec *wished);

/* Set the time of modification.  Returns 0, or -1 with errno. */
int file_system_set_time(
    const struct file_system *system, int fd, const struct timespec *modified);

#endif
