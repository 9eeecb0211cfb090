/* SPDX-License-Identifier: ISC */
/* A put that something befalls, and what holds afterwards all the same. */
#include "tests/system/faulty.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"

#define NAMES 3

const struct faulty_put faulty_files = {.sources = {"src/a", "src/b", "src/c"}},
			faulty_tree = {.options = {"-rp"},
			    .sources = {"src/"},
			    .replaces = 1},
			faulty_careful = {.options = {"-o", "no-clobber"},
			    .sources = {"src/a", "src/b", "src/c"}},
			faulty_removing = {.options = {"-o", "remove-source"},
			    .sources = {"src/a", "src/b", "src/c"}};

static const char *const names[NAMES] = {"a", "b", "c"};
static char label[128];

/* Make all three in a folder, which then differ from those of another seed. */
static void
make_files(const char *folder, unsigned seed)
{
	static const uint64_t sizes[NAMES] = {3000, 70000, 0};
	char path[64];

	for (int i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		file_make(path, sizes[i] + seed, (unsigned)i);
	}
}

void
faulty_make(void)
{
	folder_make("src");
	folder_make("new");
	folder_make("old");
	make_files("src", 0);
	make_files("new", 0);
	make_files("old", 1);
}

/* Without a process for it: this is done often. */
static void
clear_target(void)
{
	char path[64];

	for (int i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "in/d/%s", names[i]);
		(void)unlink(path);
	}
	(void)rmdir("in/d");
	ck_assert(!file_exists("in/d"));
}

void
faulty_prepare(const struct faulty_put *put)
{
	clear_target();
	if (put->replaces) {
		folder_make("in/d");
		make_files("in/d", 1);
	}
	/* It may have been taken away. */
	if (put == &faulty_removing)
		make_files("src", 0);
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
	    "put", "-o", "retry=0", "-o", "queue-timeout=1s", NULL};
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
faulty_label(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(label, sizeof(label), format, arguments);
	va_end(arguments);
}

const char *
faulty_trying(void)
{
	return label;
}

static void
check_name(
    const struct faulty_put *put, const struct run *run, const char *name)
{
	char source[64], new[64], target[64], old[64];

	snprintf(source, sizeof(source), "src/%s", name);
	snprintf(new, sizeof(new), "new/%s", name);
	snprintf(target, sizeof(target), "in/d/%s", name);
	snprintf(old, sizeof(old), "old/%s", name);
	if (file_equal(new, target))
		return;
	ck_assert_msg(file_equal(new, source),
	    "%s: %s is neither here nor there", label, name);
	ck_assert_msg(run->status != 0, "%s: %s is not stored but said to be",
	    label, name);
	/* The server may be at it still, where the client has left. */
	ck_assert_msg(
	    (put->replaces ? file_equal(old, target) : !file_exists(target)) ||
		file_equal(new, target),
	    "%s: %s is neither old nor new; it said \"%s\"", label, name,
	    run->err);
}

void
faulty_check(const struct faulty_put *put, const struct run *run)
{
	ck_assert_msg(run->status < 128, "%s: it ended with %d, \"%s\"", label,
	    run->status, run->err);
	for (int i = 0; i < NAMES; i++)
		check_name(put, run, names[i]);
	ck_assert_msg(run->status == 0 || run->err[0] != '\0',
	    "%s: status %d without a word", label, run->status);
}
