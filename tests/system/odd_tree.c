/* SPDX-License-Identifier: ISC */
/* A tree of odd names, sizes, times and modes; errors fail the test. */
#include "tests/system/odd_tree.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"

#define TIME_FEATURES                                                          \
	(ODD_BEFORE_1980 | ODD_BEFORE_1970 | ODD_FRACTION_BEFORE_1970 |        \
	    ODD_AFTER_2038 | ODD_YEAR_9999)
#define TWIN_FEATURES (ODD_CASE | ODD_NORMAL)
#define SECOND INT64_C(1000000000)
#define USUAL                                                                  \
	{                                                                      \
		1700000000, 0                                                  \
	}
/* The offset and the length of the hole in a file. */
#define HOLE_AT (128 << 10)
#define HOLE_SIZE (1 << 20)

struct odd_file {
	const char *name;
	const char *shown; /* as ftx prints it; NULL: the name */
	uint64_t size;
	struct timespec time;
	mode_t mode;
	unsigned features;
	int has_hole;
};

static const char *const directories[] = {"deep", "deep/er", "twins", "names"};

static const struct odd_file files[] = {
    /* Sizes at the edges of sectors, blocks and the client's buffers. */
    {"size-0", NULL, 0, USUAL, 0644, 0, 0},
    {"size-1", NULL, 1, USUAL, 0644, 0, 0},
    {"size-511", NULL, 511, USUAL, 0644, 0, 0},
    {"size-512", NULL, 512, USUAL, 0644, 0, 0},
    {"size-513", NULL, 513, USUAL, 0644, 0, 0},
    {"size-4095", NULL, 4095, USUAL, 0644, 0, 0},
    {"size-4096", NULL, 4096, USUAL, 0644, 0, 0},
    {"size-4097", NULL, 4097, USUAL, 0644, 0, 0},
    {"size-65535", NULL, 65535, USUAL, 0644, 0, 0},
    {"size-65536", NULL, 65536, USUAL, 0644, 0, 0},
    {"size-65537", NULL, 65537, USUAL, 0644, 0, 0},
    {"deep/er/size-1M", NULL, (1 << 20) + 1, USUAL, 0644, 0, 0},
    {"deep/hole", NULL, (2 << 20) + 5, USUAL, 0644, 0, 1},
    {"deep/only-a-hole", NULL, HOLE_SIZE, USUAL, 0644, 0, 1},
    /* Times. */
    {"time-0", NULL, 10, {0, 0}, 0644, ODD_BEFORE_1980, 0},
    {"time-1", NULL, 10, {1, 999999999}, 0644, ODD_BEFORE_1980, 0},
    {"time-odd", NULL, 10, {1234567891, 123456789}, 0644, 0, 0},
    {"time-late", NULL, 10, {1234567890, 999999999}, 0644, 0, 0},
    {"time-2038", NULL, 10, {2147483647, 0}, 0644, 0, 0},
    {"time-1969", NULL, 10, {-1, 0}, 0644, ODD_BEFORE_1970, 0},
    {"time-1938", NULL, 10, {-1000000000, 500000000}, 0644,
	ODD_FRACTION_BEFORE_1970, 0},
    {"time-past-2038", NULL, 10, {2147483648, 0}, 0644, ODD_AFTER_2038, 0},
    {"time-2106", NULL, 10, {4294967295, 1}, 0644, ODD_AFTER_2038, 0},
    {"time-9999", NULL, 10, {253402300799, 0}, 0644, ODD_YEAR_9999, 0},
    /* Modes. */
    {"mode-000", NULL, 20, USUAL, 0000, 0, 0},
    {"mode-400", NULL, 20, USUAL, 0400, 0, 0},
    {"mode-111", NULL, 20, USUAL, 0111, 0, 0},
    {"mode-640", NULL, 20, USUAL, 0640, 0, 0},
    {"mode-777", NULL, 20, USUAL, 0777, 0, 0},
    /* Names. */
    {"names/.hidden", NULL, 30, USUAL, 0644, 0, 0},
    {"names/-dash", NULL, 30, USUAL, 0644, 0, 0},
    {"names/with space", NULL, 30, USUAL, 0644, 0, 0},
    {"names/trailing ", NULL, 30, USUAL, 0644, 0, 0},
    {"names/trailing.", NULL, 30, USUAL, 0644, 0, 0},
    {"names/con", NULL, 30, USUAL, 0644, 0, 0},
    {"names/x\xc3\xbc\xe2\x82\xac", "names/x\xc3\xbc\xe2\x82\xac", 30, USUAL,
	0644, 0, 0},
    {"names/\xff\xfe", "names/\\xff\\xfe", 30, USUAL, 0644, ODD_BYTES, 0},
    {"names/new\nline", "names/new\\x0aline", 30, USUAL, 0644, ODD_SIGNS, 0},
    {"names/quote\"", NULL, 30, USUAL, 0644, ODD_SIGNS, 0},
    {"names/colon:star*", NULL, 30, USUAL, 0644, ODD_SIGNS, 0},
    {"names/back\\slash", "names/back\\\\slash", 30, USUAL, 0644, ODD_SIGNS, 0},
    {"twins/Report.TXT", NULL, 40, USUAL, 0644, ODD_CASE, 0},
    {"twins/report.txt", NULL, 41, USUAL, 0644, ODD_CASE, 0},
    {"twins/\xc3\xa9", NULL, 42, USUAL, 0644, ODD_NORMAL, 0},
    {"twins/e\xcc\x81", NULL, 43, USUAL, 0644, ODD_NORMAL, 0},
};

#define COUNT ((int)(sizeof(files) / sizeof(files[0])))

/* Nonzero for each file that the last check found. */
static int is_there[COUNT];

static const char *
inside(char buffer[HARNESS_PATH], const char *directory, const char *name)
{
	snprintf(buffer, HARNESS_PATH, "%s/%s", directory, name);
	return buffer;
}

/* Make a file with a hole: write only before and after it. */
static void
make_with_hole(const char *path, uint64_t size, unsigned seed)
{
	char piece[4096];
	int fd;

	file_make(path, HOLE_AT < size - HOLE_SIZE ? HOLE_AT : 0, seed);
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	memset(piece, (int)seed, sizeof(piece));
	for (uint64_t at = HOLE_AT + HOLE_SIZE; at + sizeof(piece) <= size;
	     at += sizeof(piece))
		ck_assert_int_eq(
		    pwrite(fd, piece, sizeof(piece), (off_t)at), 4096);
	close(fd);
}

/* The file system of the sources must keep this time exactly. */
static void
check_time(const char *path, const struct timespec *wanted)
{
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_msg(status.st_mtim.tv_sec == wanted->tv_sec &&
		status.st_mtim.tv_nsec == wanted->tv_nsec,
	    "%s: this file system cannot keep the time", path);
}

static void
make_file(const struct odd_file *file, const char *path, unsigned seed)
{
	const struct timespec times[2] = {file->time, file->time};

	(void)unlink(path);
	if (file->has_hole)
		make_with_hole(path, file->size, seed);
	else
		file_make(path, file->size, seed);
	ck_assert_int_eq(chmod(path, file->mode), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	check_time(path, &file->time);
}

void
odd_tree_make(const char *directory, unsigned version)
{
	char path[HARNESS_PATH];

	if (!file_exists(directory)) {
		directory_make(directory);
		for (size_t i = 0;
		     i < sizeof(directories) / sizeof(*directories); i++)
			directory_make(inside(path, directory, directories[i]));
	}
	for (int i = 0; i < COUNT; i++)
		make_file(&files[i], inside(path, directory, files[i].name),
		    version * COUNT + (unsigned)i);
}

/* Returns nonzero if the times differ by less than the granularity. */
static int
is_time(const struct odd_limits *limits, const struct stat *source,
    const struct stat *copy)
{
	int64_t seconds = copy->st_mtim.tv_sec - source->st_mtim.tv_sec;
	int64_t apart = copy->st_mtim.tv_nsec - source->st_mtim.tv_nsec;

	if (seconds < -10 || seconds > 10)
		return 0;
	apart = llabs(apart + seconds * SECOND);
	return limits->granularity == 0 ? apart == 0
					: apart < limits->granularity;
}

static void
check_copy(const struct odd_limits *limits, const struct odd_file *file,
    const char *directory, const char *target)
{
	char source[HARNESS_PATH], copy[HARNESS_PATH];
	struct stat wanted, found;

	inside(source, directory, file->name);
	inside(copy, target, file->name);
	ck_assert_msg(
	    file_equal(source, copy), "%s differs from its source", copy);
	ck_assert_int_eq(stat(source, &wanted), 0);
	ck_assert_int_eq(stat(copy, &found), 0);
	ck_assert_msg(is_time(limits, &wanted, &found),
	    "%s: time %lld.%09ld, not %lld.%09ld", copy,
	    (long long)found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
	    (long long)wanted.st_mtim.tv_sec, wanted.st_mtim.tv_nsec);
	ck_assert_msg(limits->no_modes || wanted.st_mode == found.st_mode,
	    "%s: mode %o, not %o", copy, (unsigned)found.st_mode,
	    (unsigned)wanted.st_mode);
}

/* Returns the line that begins with start and this file, or NULL. */
static const char *
find(const char *output, const char *start, const char *directory,
    const struct odd_file *file)
{
	char line[HARNESS_PATH];

	snprintf(line, sizeof(line), "%s%s/%s -> ", start, directory,
	    file->shown != NULL ? file->shown : file->name);
	return strstr(output, line);
}

/* ftx must have reported a failure of the file, with this reason. */
static void
check_reported(const char *output, const char *directory,
    const struct odd_file *file, const char *reason)
{
	const char *line = find(output, "ftx: ", directory, file);
	const char *end, *words;

	ck_assert_msg(line != NULL, "no message about %s/%s: %.3000s",
	    directory, file->name, output);
	end = strchr(line, '\n');
	words = strstr(line, reason);
	ck_assert_msg(words != NULL && words < end, "%s: \"%.*s\"", file->name,
	    (int)(end - line), line);
}

/*
 * Returns nonzero if ftx reported the file as stored or unchanged.  Fails the
 * test if the outcome excludes that.
 */
static int
check_success(const struct odd_limits *limits, enum odd_outcome outcome,
    const char *output, const char *directory, const struct odd_file *file)
{
	int stored = find(output, "stored ", directory, file) != NULL;
	int unchanged = find(output, "unchanged ", directory, file) != NULL;
	int refused = (file->features & limits->refused) != 0;

	ck_assert_msg(outcome == ODD_UNCHANGED || !unchanged,
	    "%s is reported as unchanged", file->name);
	ck_assert_msg(outcome == ODD_STORED || refused || !stored,
	    "%s was stored again", file->name);
	if (refused && (file->features & TWIN_FEATURES) == 0)
		ck_assert_msg(!stored && !unchanged, "%s is reported as stored",
		    file->name);
	if (!refused)
		ck_assert_msg(stored || unchanged, "%s was not stored: %.3000s",
		    file->name, output);
	return stored || unchanged;
}

/* If the file system refuses the feature, only one of two spellings exists. */
static void
check_twins(const struct odd_limits *limits, unsigned feature)
{
	int count = 0;

	for (int i = 0; i < COUNT; i++)
		count += (files[i].features & feature) != 0 && is_there[i];
	ck_assert_int_eq(count, (limits->refused & feature) != 0 ? 1 : 2);
}

void
odd_tree_check(const struct odd_limits *limits, enum odd_outcome outcome,
    const char *output, const char *directory, const char *target)
{
	char *text = file_read(output);

	for (int i = 0; i < COUNT; i++) {
		const struct odd_file *file = &files[i];
		int refused = (file->features & limits->refused) != 0;

		if (outcome == ODD_EXISTS) {
			check_reported(text, directory, file,
			    refused || limits->no_exclusive ? ": "
							    : ": exists: ");
			continue;
		}
		/*
		 * The file system cannot keep its time: ftx may send it again.
		 */
		if (outcome == ODD_UNCHANGED && refused &&
		    (file->features & TIME_FEATURES) != 0)
			continue;
		is_there[i] =
		    check_success(limits, outcome, text, directory, file);
		if (!is_there[i])
			check_reported(text, directory, file, ": ");
	}
	check_twins(limits, ODD_CASE);
	check_twins(limits, ODD_NORMAL);
	free(text);
	if (outcome != ODD_EXISTS)
		odd_tree_check_still(limits, directory, target);
}

void
odd_tree_check_still(
    const struct odd_limits *limits, const char *directory, const char *target)
{
	for (int i = 0; i < COUNT; i++)
		if (is_there[i])
			check_copy(limits, &files[i], directory, target);
}
