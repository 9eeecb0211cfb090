/* SPDX-License-Identifier: ISC */
/* Files with holes, which stay holes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* If ftx cannot find holes, it sends all bytes, so the files are smaller. */
#ifdef OS_LINUX
#define GIBIBYTE (1LL << 30)
#else
#define GIBIBYTE (8LL << 20)
#endif

/* Bytes that a file system may allocate beyond the data. */
#define SPARE (1 << 20)

/* Write the content of "data" into a file, at this offset. */
static void
put_data(const char *path, long long at)
{
	static char piece[65536];
	int in = open("data", O_RDONLY);
	int out = open(path, O_WRONLY | O_CREAT, 0644);
	ssize_t count;

	ck_assert(in >= 0 && out >= 0);
	for (; (count = read(in, piece, sizeof(piece))) > 0; at += count)
		ck_assert_int_eq(pwrite(out, piece, (size_t)count, at), count);
	ck_assert_int_eq(count, 0);
	close(in);
	close(out);
}

static void
set_size(const char *path, long long size)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	close(fd);
}

/* The file must allocate less than SPARE beyond the bytes that were written. */
static void
check_allocated(const char *path, long long written)
{
#ifdef OS_LINUX
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_lt(
	    (long long)status.st_blocks * OS_BLOCK, written + SPARE);
#else
	(void)path;
	(void)written;
	harness_skip("holes", "only Linux is asked where they are");
#endif
}

/* Nonzero if these bytes are the same in both files. */
static int
is_same(int one, int other, off_t at, off_t end)
{
	static char left[65536], right[65536];

	for (; at < end; at += (off_t)sizeof(left)) {
		size_t size = end - at < (off_t)sizeof(left)
		    ? (size_t)(end - at)
		    : sizeof(left);

		if (pread(one, left, size, at) != (ssize_t)size ||
		    pread(other, right, size, at) != (ssize_t)size ||
		    memcmp(left, right, size) != 0)
			return 0;
	}
	return 1;
}

/* Nonzero if the copy is the same wherever the first has data. */
static int
has_data_of(int file, int copy, off_t size)
{
	off_t at = 0, begin_hole, end_hole;

	while (at < size) {
		if (os_find_hole(file, at, &begin_hole, &end_hole) == -1)
			begin_hole = end_hole = size;
		if (!is_same(file, copy, at, begin_hole))
			return 0;
		at = end_hole;
	}
	return 1;
}

/* The files must be equal.  To save time, a hole in both is not read. */
static void
check_equal(const char *path, const char *other_path)
{
	const off_t size = (off_t)file_size(path);
	int one = open(path, O_RDONLY), other = open(other_path, O_RDONLY);

	ck_assert(one >= 0 && other >= 0);
	ck_assert_int_eq((off_t)file_size(other_path), size);
	ck_assert(has_data_of(one, other, size));
	ck_assert(has_data_of(other, one, size));
	close(one);
	close(other);
}

START_TEST(holes_stay_holes)
{
	const long long places[] = {0, 1234567, GIBIBYTE + 1, 2 * GIBIBYTE - 1};
	struct run run;

	file_make("data", 4321, 1);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		put_data("disk", places[i]);
	set_size("disk", 3 * GIBIBYTE - 7);
	RUN(&run, "ftx", "put", "disk", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_size("in/disk"), 3 * GIBIBYTE - 7);
	check_equal("disk", "in/disk");
	check_allocated("disk", 4 * 4321);
	check_allocated("in/disk", 4 * 4321);
}
END_TEST

/* The file has no data.  If it is small, ftx puts it without an ask. */
START_TEST(file_may_be_one_hole)
{
	const long long size = _i == 0 ? 100000 : GIBIBYTE / 4 + 1;
	struct run run;

	set_size("empty", size);
	RUN(&run, "ftx", "put", "empty", "127.0.0.1:");
	run_check(&run, 0, NULL);
	check_equal("empty", "in/empty");
	check_allocated("in/empty", 0);
}
END_TEST

/* Each connection carries more than half of the data, so two suffice. */
START_TEST(sparse_file_resumes_when_it_is_cut)
{
	const struct proxy_plan plan = {
	    .up = {.fault = PROXY_CUT, .at = 4 << 20}};
	const long long data = 3 << 20;
	struct proxy proxy;
	struct run run;
	char port[16];

	ck_assert_int_eq(proxy_start(&proxy, &plan, served.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	file_make("data", (uint64_t)data, 1);
	put_data("disk", GIBIBYTE / 4 + 1);
	put_data("disk", GIBIBYTE / 2 + data + 1);
	set_size("disk", GIBIBYTE);
	RUN(&run, "ftx", "put", "-P", port, "disk", "127.0.0.1:disk");
	run_check(&run, 0, "trying again");
	check_equal("disk", "in/disk");
	ck_assert_int_eq(directory_count_staged("in"), 0);
	check_allocated("in/disk", 2 * data);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

/* The file is larger than the free space, but only a hole. */
START_TEST(sparse_file_fits_when_its_size_does_not)
{
	struct run run;

	set_size("huge", 8LL << 40);
	RUN(&run, "ftx", "put", "-n", "huge", "127.0.0.1:");
#ifdef OS_LINUX
	run_check(&run, 0, NULL);
#else
	run_check(&run, 28, NULL);
#endif
}
END_TEST

/* Both programs hash each byte: three minutes on two processors. */
START_TEST(one_tebibyte_of_holes_arrives)
{
	struct run run;

	if (getenv("FTX_ENDURANCE") == NULL)
		return;
	set_size("huge", 1LL << 40);
	RUN_BEGIN(&run, "ftx", "put", "huge", "127.0.0.1:");
	eventually(!process_is_alive(run.pid), 1500 * 1000);
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_size("in/huge"), UINT64_C(1) << 40);
}
END_TEST

Suite *
sparse_suite(void)
{
	Suite *suite = suite_create("sparse");
	TCase *tcase = tcase_create("sparse");

	tcase_add_checked_fixture(tcase, server_begin, server_finish);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, holes_stay_holes);
	tcase_add_loop_test(tcase, file_may_be_one_hole, 0, 2);
	tcase_add_test(tcase, sparse_file_resumes_when_it_is_cut);
	tcase_add_test(tcase, sparse_file_fits_when_its_size_does_not);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("long");
	tcase_add_checked_fixture(tcase, server_begin, server_finish);
	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, one_tebibyte_of_holes_arrives);
	suite_add_tcase(suite, tcase);
	return suite;
}
