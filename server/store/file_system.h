/* SPDX-License-Identifier: ISC */
/* Find out by trial what the file system of the receiving directory can do. */
#ifndef SERVER_STORE_FILE_SYSTEM_H
#define SERVER_STORE_FILE_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Whether names with different bytes can be the same entry. */
enum file_system_names {
	NAMES_DIFFER,
	NAMES_FOLD,		 /* by case, or by Unicode normalization */
	NAMES_FOLD_BY_DIRECTORY, /* in casefold directories */
};

enum file_system_modes {
	MODES_KEPT,
	MODES_IGNORED, /* fchmod succeeds without effect */
	MODES_REFUSED  /* fchmod fails */
};

/* How to give a file a name without replacing another. */
enum file_system_new_names {
	NEW_BY_LINK,
	NEW_BY_RENAME,
	NEW_NEVER
};

struct file_system {
	int known; /* 0: learning failed; the rest are safe assumptions */
	enum file_system_names names;
	enum file_system_modes modes;
	enum file_system_new_names new_names;
	int sets_both_times;  /* the access time must be set, too */
	uint64_t granularity; /* of times, in ns; 0: times are not kept */
	/*
	 * Seconds since 1970.  Times in the kept range are kept, those outside
	 * of the possible range are not, and others must be tried.
	 */
	int64_t first_kept, last_kept;
	int64_t first_possible, last_possible;
	int fills_holes;  /* holes take up space, as data does */
	uint64_t largest; /* bytes of the largest file; INT64_MAX: unknown */
};

/*
 * Fill in system by means of a few temporary files in directory: the probes.
 * If the process is killed, they stay.  Returns 0, or -1 with errno.  On
 * failure system has safe assumptions, which may cost more calls.
 */
int file_system_learn(struct file_system *system, int directory);

/*
 * file_system_is_probe returns nonzero if name is that of a probe.
 * file_system_is_live_probe does so only while the creator of the probe runs.
 */
int file_system_is_probe(const char *name);
int file_system_is_live_probe(const char *name);

/* Returns nonzero if names fold in this open directory. */
int file_system_folds(const struct file_system *system, int directory);

/*
 * Returns nonzero if the file system keeps this modification time, rounded to
 * its granularity.  A time outside of the kept range is tried with a probe in
 * directory.
 */
int file_system_keeps_time(const struct file_system *system, int directory,
    const struct timespec *modified);

/* Returns nonzero if found is the requested time, rounded up or down. */
int file_system_is_time(const struct file_system *system,
    const struct timespec *found, const struct timespec *requested);

/* Set the modification time.  Returns 0, or -1 with errno. */
int file_system_set_time(
    const struct file_system *system, int fd, const struct timespec *modified);

#endif
