/* SPDX-License-Identifier: ISC */
/* A partial of a file with holes, made by the test; errors fail the test. */
#include "tests/system/kept.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/run.h"

/* The file has data up to FRONT and from BACK to BACK_END. */
#define FRONT (1152 << 10)
#define BACK (1536 << 10)
#define BACK_END (1664 << 10)
#define SIZE (2 << 20)
/* The length of the partial. */
#define KEPT (BACK + (64 << 10))

#define SOURCE "large/" KEPT_NAME

static char path[HARNESS_PATH];

/* Copy this range of the source to the same offset of the target. */
static void
copy(int from, int to, off_t at, off_t end)
{
	static char piece[65536];

	for (; at < end; at += (off_t)sizeof(piece)) {
		ck_assert_int_eq(pread(from, piece, sizeof(piece), at),
		    (ssize_t)sizeof(piece));
		ck_assert_int_eq(pwrite(to, piece, sizeof(piece), at),
		    (ssize_t)sizeof(piece));
	}
}

static void
copy_with_hole(const char *source, const char *target, off_t end)
{
	int from = open(source, O_RDONLY);
	int to = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert(from >= 0 && to >= 0);
	copy(from, to, 0, FRONT);
	copy(from, to, BACK, end);
	close(from);
	close(to);
}

void
kept_make(void)
{
	directory_make("large");
	file_make("data", SIZE, 1);
	copy_with_hole("data", SOURCE, BACK_END);
	ck_assert_int_eq(unlink("data"), 0);
	ck_assert_int_eq(truncate(SOURCE, SIZE), 0);
	ck_assert_int_eq(link(SOURCE, "new/" KEPT_NAME), 0);
}

/* Cut a put, so that the server keeps a partial. */
static void
cut(void)
{
	const struct proxy_plan plan = {
	    .up = {.fault = PROXY_CUT, .at = FRONT + 4096}};
	const char *server = getenv("FTX_PORT");
	struct proxy proxy;
	struct run run;
	char port[16];

	ck_assert_ptr_nonnull(server);
	ck_assert_int_eq(
	    proxy_start(&proxy, &plan, (unsigned)strtoul(server, NULL, 10)), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", SOURCE,
	    "127.0.0.1:d/");
	run_check(&run, 10, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	/* After the next put, the only worker has finished the cut one. */
	file_write("next", "small");
	RUN(&run, "ftx", "put", "next", "127.0.0.1:next");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(unlink("in/next"), 0);
}

void
kept_begin(void)
{
	glob_t found;

	kept_make();
	cut();
	ck_assert_int_eq(glob("in/.ftx-*/r*", 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
	globfree(&found);
}

const char *
kept_path(void)
{
	return path;
}

void
kept_plant(void)
{
	copy_with_hole(SOURCE, path, KEPT);
}

void
kept_plant_another(void)
{
	int fd;

	kept_plant();
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "another", 7, 100), 7);
	/* These bytes lie in a hole: the server must not keep them. */
	ck_assert_int_eq(pwrite(fd, "another", 7, FRONT + 100), 7);
	close(fd);
}
