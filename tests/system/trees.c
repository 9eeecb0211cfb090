/* SPDX-License-Identifier: ISC */
/* Make and compare trees; errors fail the test. */
#include "tests/system/trees.h"

#include <check.h>
#include <stdio.h>

#include "tests/system/files.h"
#include "tests/system/run.h"

/* Returns the path of name, valid until the next call. */
static const char *
inside(const char *path, const char *name)
{
	static char buffer[HARNESS_PATH];

	snprintf(buffer, sizeof(buffer), "%s/%s", path, name);
	return buffer;
}

void
trees_make(const char *path)
{
	directory_make(path);
	directory_make(inside(path, "a"));
	directory_make(inside(path, "a/b"));
	directory_make(inside(path, "empty"));
	file_make(inside(path, "1"), 100, 1);
	file_make(inside(path, "a/2"), 3 << 20, 2);
	file_make(inside(path, "a/b/3"), 0, 3);
}

void
trees_check_equal(const char *one, const char *other)
{
	struct run run;

	RUN(&run, "diff", "-r", one, other);
	ck_assert_msg(run.status == 0, "%s%s", run.out, run.err);
}
