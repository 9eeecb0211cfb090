/* SPDX-License-Identifier: ISC */
/* Puts that a fault hits, and checks of the files after them. */
#include "tests/system/faulty.h"

#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/kept.h"

#define NAMES 3
#define IN_SRC .directory = "src", .names = {"a", "b", "c"}
#define ALL IN_SRC, .sources = {"src/a", "src/b", "src/c"}
#define LARGE                                                                  \
	.directory = "large", .names = {KEPT_NAME},                            \
	.sources = {"large/" KEPT_NAME}

static void prepare_same(void);

const struct faulty_put faulty_files = {ALL},
			faulty_tree = {IN_SRC, .options = {"-rp"},
			    .sources = {"src/"}, .replaces = 1},
			faulty_no_clobber = {ALL,
			    .options = {"-o", "no-clobber"}},
			faulty_removing = {ALL,
			    .options = {"-o", "remove-source"}},
			faulty_sparse = {LARGE, .options = {"-o", "resume=no"},
			    .begin = kept_make},
			faulty_kept = {LARGE, .resumes = 1, .begin = kept_begin,
			    .prepare = kept_plant},
			faulty_spoiled = {LARGE, .resumes = 1,
			    .begin = kept_begin, .prepare = kept_plant_another},
			faulty_same = {ALL, .options = {"-o", "skip-unchanged"},
			    .replaces = 1, .prepare = prepare_same},
			faulty_compared = {ALL, .options = {"-o", "checksum"},
			    .replaces = 1, .prepare = prepare_same};

static const char *const names[NAMES] = {"a", "b", "c"};
static char label[128];

/*
 * Make the three files in a directory.  Another seed gives other bytes; b keeps
 * its size.
 */
static void
make_files(const char *directory, unsigned seed)
{
	const uint64_t sizes[NAMES] = {3000 + seed, 70000, seed};
	char path[64];

	for (int i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		file_make(path, sizes[i], seed * NAMES + (unsigned)i);
	}
}

void
faulty_make(void)
{
	directory_make("src");
	directory_make("new");
	directory_make("old");
	make_files("src", 0);
	make_files("new", 0);
	make_files("old", 1);
}

void
faulty_begin(const struct faulty_put *put)
{
	if (put->begin != NULL)
		put->begin();
}

/* Use no child process: this runs often. */
static void
clear_target(const struct faulty_put *put)
{
	char path[64];

	for (int i = 0; put->names[i] != NULL; i++) {
		snprintf(path, sizeof(path), "in/d/%s", put->names[i]);
		(void)unlink(path);
	}
	(void)rmdir("in/d");
	ck_assert(!file_exists("in/d"));
}

/* The first file exists already, with the time of its source. */
static void
prepare_same(void)
{
	struct stat found;
	struct timespec times[2];

	ck_assert_int_eq(unlink("in/d/a"), 0);
	ck_assert_int_eq(link("new/a", "in/d/a"), 0);
	ck_assert_int_eq(stat("src/a", &found), 0);
	times[0] = times[1] = found.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, "in/d/a", times, 0), 0);
}

void
faulty_prepare(const struct faulty_put *put)
{
	clear_target(put);
	if (put->replaces) {
		directory_make("in/d");
		make_files("in/d", 1);
	}
	/* The last run may have removed the sources. */
	if (put == &faulty_removing)
		make_files("src", 0);
	if (put->prepare != NULL)
		put->prepare();
}

static size_t
append(const char *argv[], size_t count, const char *const more[])
{
	while (*more != NULL)
		argv[count++] = *more++;
	return count;
}

void
faulty_run(
    struct run *run, const struct faulty_put *put, const struct plan *plan)
{
	static const char *const always[] = {
	    "put", "-o", "retry=0", "-o", "queue-timeout=5s", NULL};
	const char *argv[32];
	char program[HARNESS_PATH];
	size_t count = 0;

	if (plan != NULL)
		count = append(argv, 0, plan->launcher);
	argv[count++] = harness_program(program, "ftx");
	count = append(argv, count, always);
	count = append(argv, count, put->options);
	count = append(argv, count, put->sources);
	argv[count++] = "127.0.0.1:d/";
	argv[count] = NULL;
	run_all(run, argv);
}

void
faulty_repeat(const struct faulty_put *put)
{
	struct run run;

	faulty_run(&run, put, NULL);
	run_check(&run, 0, NULL);
	faulty_check(put, &run);
}

void
faulty_describe(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(label, sizeof(label), format, arguments);
	va_end(arguments);
}

const char *
faulty_description(void)
{
	return label;
}

static void
check_name(
    const struct faulty_put *put, const struct run *run, const char *name)
{
	char source[64], new[64], target[64], old[64];

	snprintf(source, sizeof(source), "%s/%s", put->directory, name);
	snprintf(new, sizeof(new), "new/%s", name);
	snprintf(target, sizeof(target), "in/d/%s", name);
	snprintf(old, sizeof(old), "old/%s", name);
	if (file_equal(new, target))
		return;
	ck_assert_msg(file_equal(new, source),
	    "%s: %s is neither at the source nor at the target", label, name);
	ck_assert_msg(run->status != 0, "%s: status 0, but %s is not stored",
	    label, name);
	/* If the client has left, the server may still be storing the file. */
	ck_assert_msg(
	    (put->replaces ? file_equal(old, target) : !file_exists(target)) ||
		file_equal(new, target),
	    "%s: %s is neither old nor new; ftx printed \"%s\"", label, name,
	    run->err);
}

void
faulty_check(const struct faulty_put *put, const struct run *run)
{
	ck_assert_msg(run->status < 128, "%s: ftx ended with %d, \"%s\"", label,
	    run->status, run->err);
	for (int i = 0; put->names[i] != NULL; i++)
		check_name(put, run, put->names[i]);
	ck_assert_msg(run->status == 0 || run->err[0] != '\0',
	    "%s: status %d without a message", label, run->status);
}

void
faulty_check_reached(enum fault_call call, int count)
{
#ifndef OS_LINUX
	if (call == FAULT_SEEK || call == FAULT_TRUNCATE)
		return;
#endif
	ck_assert_msg(count > 0, "the run made no call of %s", plan_name(call));
}
