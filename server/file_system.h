/* SPDX-License-Identifier: ISC */
/* What the file system of the receiving directory can, and what it cannot. */
#ifndef SERVER_FILE_SYSTEM_H
#define SERVER_FILE_SYSTEM_H

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
	int known; /* else all of this is only safe to assume */
	enum file_system_names names;
	enum file_system_modes modes;
	enum file_system_new_names new_names;
	int sets_both_times;  /* the time of access has to be set, too */
	uint64_t granularity; /* of times, in ns; 0: none are kept */
	int64_t first, last;  /* seconds since 1970 that were seen kept; and */
	int64_t least, most;  /* beyond these nothing is, whatever is seen */
	uint64_t largest;     /* bytes of a file, as far as the system tells */
};

/*
 * Find all of that out in an empty or used folder of one's own, with a few
 * files that are gone afterwards; what a kill leaves behind has a name that
 * file_system_owns knows.  Returns 0; or -1 with errno if that cannot be done
 * now: then what is assumed is safe, but may cost more calls.
 */
int file_system_learn(struct file_system *system, int folder);

/* Nonzero if that is the name of a file or folder of file_system_learn. */
int file_system_owns(const char *name);

/* Nonzero if names fold in this open directory. */
int file_system_folds(const struct file_system *system, int directory);

/*
 * Nonzero if a file can have that time of modification, as near as the
 * granularity permits.  Times that were not seen yet are tried in folder.
 */
int file_system_keeps_time(const struct file_system *system, int folder,
    const struct timespec *modified);

/* Nonzero if found is the wished time, rounded down or up. */
int file_system_is_time(const struct file_system *system,
    const struct timespec *found, const struct timespec *wished);

/* Set the time of modification.  Returns 0, or -1 with errno. */
int file_system_set_time(
    const struct file_system *system, int fd, const struct timespec *modified);

#endif
