/* SPDX-License-Identifier: ISC */
/* Find out by trial what the file system of the receiving directory can do. */
#include "server/store/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/os.h"

#define SECOND UINT64_C(1000000000) /* in nanoseconds */

/* The range of times of FAT and exFAT: from 1980 to the end of 2107. */
#define FAT_LEAST INT64_C(315532800)
#define FAT_MOST INT64_C(4354819199)
#define FAT_GRANULARITY UINT64_C(10000000) /* ns, of exFAT */

/* No umask gives a new file this mode. */
#define ODD_MODE 0614

/* Bytes: larger than the block or cluster of any file system. */
#define HOLE (1024 * 1024)

/* If another process sweeps away the probe, learn again. */
#define LEARN_TRIES 3

/* One name in three spellings: the last two may fold to the first. */
#define PREFIX "Probe"
#define COMPOSED PREFIX "\xc3\xa9"
#define DECOMPOSED PREFIX "e\xcc\x81"
#define OTHER_CASE "pROBE"
#define NAME_SIZE 80

/* Of the known granularities, only 1 ns divides this time. */
static const struct timespec odd_time = {1000000001, 123456789};

/* A temporary file. */
struct probe {
	int directory;
	int fd; /* -1: closed */
	const char *prefix;
	char suffix[NAME_SIZE / 2];
	char name[NAME_SIZE];
};

int
file_system_is_probe(const char *name)
{
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

int
file_system_is_live_probe(const char *name)
{
	const char *last = strrchr(name, '-');
	char *end;
	long process;

	if (!file_system_is_probe(name) || last == NULL)
		return 0;
	process = strtol(last + 1, &end, 16);
	return *end == '\0' && process > 0 && process <= INT_MAX &&
	    (kill((pid_t)process, 0) == 0 || errno == EPERM);
}

static void
spell(const struct probe *probe, const char *prefix, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s%s", prefix, probe->suffix);
}

static int
open_probe(struct probe *probe, int flags)
{
	probe->fd = openat(probe->directory, probe->name,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	return probe->fd == -1 ? -1 : 0;
}

static int
open_new(struct probe *probe, const char *prefix)
{
	probe->prefix = prefix;
	spell(probe, prefix, probe->name);
	return open_probe(probe, O_CREAT | O_EXCL);
}

static void
close_probe(struct probe *probe)
{
	if (probe->fd != -1)
		close(probe->fd);
	probe->fd = -1;
}

/* Remove the probe.  Returns 0, or -1 with errno: ENOENT if it was swept. */
static int
remove_probe(struct probe *probe)
{
	close_probe(probe);
	return unlinkat(probe->directory, probe->name, 0);
}

/* Create a probe of one byte.  Returns 0, or -1 with errno and no probe. */
static int
create_probe(struct probe *probe, int directory)
{
	static unsigned long serial;
	int error;

	probe->directory = directory;
	snprintf(probe->suffix, sizeof(probe->suffix), "-%llx-%lx-%lx",
	    (unsigned long long)io_now(), serial++, (unsigned long)getpid());
	/* Some file systems refuse names that are not ASCII. */
	if (open_new(probe, COMPOSED) == -1 && open_new(probe, PREFIX) == -1)
		return -1;
	if (io_write_all(probe->fd, "x", 1) == 0)
		return 0;
	error = errno;
	(void)remove_probe(probe);
	errno = error;
	return -1;
}

/* Returns nonzero if another spelling leads to the probe, too. */
static int
exists_as(const struct probe *probe, const char *prefix)
{
	char name[NAME_SIZE];
	struct stat found;

	spell(probe, prefix, name);
	return fstatat(probe->directory, name, &found, AT_SYMLINK_NOFOLLOW) ==
	    0;
}

/* Returns nonzero if the error means that the call is not supported. */
static int
is_unsupported(int error)
{
	return error == EPERM || error == EACCES || error == EINVAL ||
	    error == ENOSYS || error == ENOTSUP || error == EMLINK;
}

/*
 * Check whether names can be made to fold in a new directory.  Returns 1 or 0,
 * or -1 with errno: ENOENT if the directory was swept.
 */
static int
can_fold_by_directory(const struct probe *probe)
{
	char name[NAME_SIZE];
	int fd, folds;

	spell(probe, PREFIX "-directory", name);
	if (mkdirat(probe->directory, name, 0700) == -1)
		return -1;
	fd = openat(probe->directory, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	folds = os_set_casefold(fd) == 0;
	close(fd);
	return unlinkat(probe->directory, name, AT_REMOVEDIR) == -1 ? -1
								    : folds;
}

/* Returns 0, or -1 with errno. */
static int
learn_names(struct file_system *system, const struct probe *probe)
{
	char other[NAME_SIZE / 2];
	int by_directory = can_fold_by_directory(probe);

	snprintf(other, sizeof(other), OTHER_CASE "%s",
	    probe->prefix + strlen(PREFIX));
	if (by_directory == 1)
		system->names = NAMES_FOLD_BY_DIRECTORY;
	else if (exists_as(probe, other) ||
	    (strcmp(probe->prefix, COMPOSED) == 0 &&
		exists_as(probe, DECOMPOSED)))
		system->names = NAMES_FOLD;
	else
		system->names = NAMES_DIFFER;
	return by_directory == -1 ? -1 : 0;
}

/*
 * Returns the largest offset that lseek accepts.  Linux refuses offsets beyond
 * the largest file of the file system; other systems may accept any.
 */
static uint64_t
last_offset(int fd)
{
	uint64_t good = 0, bad = (uint64_t)INT64_MAX + 1;

	while (bad - good > 1) {
		uint64_t middle = good + (bad - good) / 2;

		if (lseek(fd, (off_t)middle, SEEK_SET) == -1)
			bad = middle;
		else
			good = middle;
	}
	return good;
}

static void
learn_largest(struct file_system *system, const struct probe *probe)
{
	struct rlimit limit;

	system->largest = last_offset(probe->fd);
	(void)lseek(probe->fd, 0, SEEK_END);
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < system->largest)
		system->largest = limit.rlim_cur;
}

/* If no file can be as large as HOLE, holes take up little space anyway. */
static void
learn_holes(struct file_system *system, const struct probe *probe)
{
	struct stat found;

	/* Beyond RLIMIT_FSIZE, ftruncate would raise SIGXFSZ. */
	system->fills_holes = system->largest >= HOLE &&
	    ftruncate(probe->fd, HOLE) == 0 && fstat(probe->fd, &found) == 0 &&
	    found.st_blocks >= HOLE / OS_BLOCK;
	(void)!ftruncate(probe->fd, 1);
}

/* Returns 0, or -1 with errno. */
static int
learn_modes(struct file_system *system, const struct probe *probe)
{
	struct stat found;

	if (fchmod(probe->fd, ODD_MODE) == -1) {
		system->modes = MODES_REFUSED;
		return is_unsupported(errno) ? 0 : -1;
	}
	if (fstat(probe->fd, &found) == -1)
		return -1;
	system->modes =
	    (found.st_mode & 07777) == ODD_MODE ? MODES_KEPT : MODES_IGNORED;
	return 0;
}

int
file_system_set_time(
    const struct file_system *system, int fd, const struct timespec *modified)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, *modified};

	if (system->sets_both_times)
		times[0] = *modified;
	return futimens(fd, times);
}

/*
 * Set the probe's time, reopen the file, and read the time.  Returns 1, 0 if
 * the time cannot be set, or -1 with errno.
 */
static int
set_and_read(const struct file_system *system, struct probe *probe,
    const struct timespec *requested, struct timespec *found)
{
	if (file_system_set_time(system, probe->fd, requested) == -1)
		return is_unsupported(errno) ? 0 : -1;
	close_probe(probe);
	if (open_probe(probe, 0) == -1)
		return -1;
	return os_modified(probe->fd, found) == -1 ? -1 : 1;
}

/* Two seconds are a multiple of every known granularity. */
static uint64_t
remainder_of(const struct timespec *time, uint64_t granularity)
{
	uint64_t odd = (uint64_t)time->tv_sec & 1;

	return (odd * SECOND + (uint64_t)time->tv_nsec) % granularity;
}

int
file_system_is_time(const struct file_system *system,
    const struct timespec *found, const struct timespec *requested)
{
	uint64_t granularity =
	    system->granularity > 0 ? system->granularity : 1;
	int64_t later = found->tv_sec > requested->tv_sec ? found->tv_sec
							  : requested->tv_sec;
	int64_t earlier = found->tv_sec > requested->tv_sec ? requested->tv_sec
							    : found->tv_sec;
	int64_t distance;

	if ((uint64_t)later - (uint64_t)earlier > 2)
		return 0;
	distance = (found->tv_sec - requested->tv_sec) * (int64_t)SECOND +
	    found->tv_nsec - requested->tv_nsec;
	return (uint64_t)(distance < 0 ? -distance : distance) < granularity &&
	    remainder_of(found, granularity) == 0;
}

/* Returns the finest granularity that rounds odd_time to found, or 0. */
static uint64_t
find_granularity(const struct timespec *found)
{
	static const uint64_t known[] = {
	    1, 100, 1000, 1000000, FAT_GRANULARITY, SECOND, 2 * SECOND};
	struct file_system assumed = {.granularity = 0};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assumed.granularity = known[i];
		if (file_system_is_time(&assumed, found, &odd_time))
			return known[i];
	}
	return 0;
}

/* Returns 0, or -1 with errno. */
static int
learn_granularity(struct file_system *system, struct probe *probe)
{
	struct timespec found;

	system->granularity = 0;
	for (int both = 0; both <= 1 && system->granularity == 0; both++) {
		int result;

		system->sets_both_times = both;
		result = set_and_read(system, probe, &odd_time, &found);
		if (result == -1)
			return -1;
		if (result == 1)
			system->granularity = find_granularity(&found);
	}
	return 0;
}

/* Returns 1 if the time is kept, 0 if not, or -1 with errno. */
static int
try_time(const struct file_system *system, struct probe *probe,
    const struct timespec *requested)
{
	struct timespec found;
	int result = set_and_read(system, probe, requested, &found);

	return result == 1 ? file_system_is_time(system, &found, requested)
			   : result;
}

/* Try the usual range; file_system_keeps_time tries times beyond it. */
static int
learn_range(struct file_system *system, struct probe *probe)
{
	const struct timespec past = {0, odd_time.tv_nsec};
	const struct timespec future = {INT32_MAX, odd_time.tv_nsec};
	int result = try_time(system, probe, &past);

	system->first_kept = system->last_kept = odd_time.tv_sec;
	if (result == 1)
		system->first_kept = past.tv_sec;
	if (result != -1)
		result = try_time(system, probe, &future);
	if (result == 1)
		system->last_kept = future.tv_sec;
	return result == -1 ? -1 : 0;
}

/* Returns 0, or -1 with errno. */
static int
learn_new_names(struct file_system *system, struct probe *probe)
{
	char other[NAME_SIZE];

	spell(probe, PREFIX "-other", other);
	system->new_names = NEW_BY_LINK;
	if (linkat(probe->directory, probe->name, probe->directory, other, 0) ==
	    0)
		return unlinkat(probe->directory, other, 0);
	if (!is_unsupported(errno))
		return -1;
	system->new_names = NEW_BY_RENAME;
	if (os_rename_new(
		probe->directory, probe->name, probe->directory, other) == 0) {
		memcpy(probe->name, other, sizeof(other));
		return 0;
	}
	system->new_names = NEW_NEVER;
	return is_unsupported(errno) ? 0 : -1;
}

/*
 * Some drivers, such as exfat-fuse, accept times that the disk cannot hold, and
 * show them until the disk is unmounted.  So if the file system looks like FAT,
 * assume FAT's range.
 */
static void
limit_range(struct file_system *system)
{
	int is_fat = system->names == NAMES_FOLD &&
	    system->new_names == NEW_NEVER && system->modes != MODES_KEPT &&
	    system->granularity >= FAT_GRANULARITY;

	system->first_possible = is_fat ? FAT_LEAST : INT64_MIN;
	system->last_possible = is_fat ? FAT_MOST : INT64_MAX;
}

/* Returns 0, or -1 with errno. */
static int
learn_once(struct file_system *system, int directory)
{
	struct probe probe = {.fd = -1};
	int result, error;

	if (create_probe(&probe, directory) == -1)
		return -1;
	learn_largest(system, &probe);
	learn_holes(system, &probe);
	result = learn_names(system, &probe);
	if (result == 0)
		result = learn_modes(system, &probe);
	if (result == 0)
		result = learn_granularity(system, &probe);
	if (result == 0)
		result = learn_range(system, &probe);
	if (result == 0)
		result = learn_new_names(system, &probe);
	limit_range(system);
	error = errno;
	if (remove_probe(&probe) == -1)
		return -1;
	errno = error;
	system->known = result == 0;
	return result;
}

/* Safe assumptions: every call is tried, and its failure is handled. */
static const struct file_system unknown = {.names = NAMES_FOLD,
    .sets_both_times = 1,
    .granularity = 1,
    .first_kept = INT64_MIN,
    .last_kept = INT64_MAX,
    .first_possible = INT64_MIN,
    .last_possible = INT64_MAX,
    .largest = INT64_MAX};

static void
warn_of_modes(const struct file_system *system)
{
	if (system->modes == MODES_REFUSED)
		log_warn("this file system refuses to change modes: files get "
			 "the modes that it gives, and ftx -p is refused");
	if (system->modes == MODES_IGNORED)
		log_warn("this file system keeps no modes: files get the modes "
			 "that it gives");
}

int
file_system_learn(struct file_system *system, int directory)
{
	int result, tries = 0;

	do
		result = learn_once(system, directory);
	while (result == -1 && errno == ENOENT && ++tries < LEARN_TRIES);
	if (result == -1) {
		log_warn("cannot find out what this file system can do: %s",
		    strerror(errno));
		*system = unknown;
	}
	warn_of_modes(system);
	return result;
}

int
file_system_folds(const struct file_system *system, int directory)
{
	if (system->names == NAMES_FOLD_BY_DIRECTORY)
		return os_has_casefold(directory);
	return system->names == NAMES_FOLD;
}

int
file_system_keeps_time(const struct file_system *system, int directory,
    const struct timespec *modified)
{
	struct probe probe = {.fd = -1};
	int kept;

	if (modified->tv_sec < system->first_possible ||
	    modified->tv_sec > system->last_possible)
		return 0;
	if (modified->tv_sec >= system->first_kept &&
	    modified->tv_sec <= system->last_kept)
		return system->granularity > 0;
	if (create_probe(&probe, directory) == -1)
		return 1;
	kept = try_time(system, &probe, modified);
	(void)remove_probe(&probe);
	return kept != 0;
}
