/* SPDX-License-Identifier: ISC */
/* Write, count and hash the content of a file, and compare its end. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/recv_file.h"

Suite *recv_file_suite(void);

static int fd;
static struct recv_file file;

static void
begin(void)
{
	FILE *stream = tmpfile();

	ck_assert_ptr_nonnull(stream);
	fd = dup(fileno(stream));
	ck_assert_int_ge(fd, 0);
	fclose(stream);
}

static void
finish(void)
{
	close(fd);
}

static struct wire_end
end_of(const char *content, uint64_t size)
{
	struct wire_end end = {.size = size};
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, content, (size_t)size);
	end.digest = digest_value(&digest);
	return end;
}

START_TEST(file_is_complete_when_it_came_in_pieces)
{
	const char content[] = "0123456789";
	struct wire_end end = end_of(content, 10);
	char stored[16];

	for (size_t piece = 1; piece <= 10; piece++) {
		ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		recv_file_begin(&file, fd, 10);
		for (size_t at = 0; at < 10; at += piece)
			ck_assert_int_eq(recv_file_data(&file, content + at,
					     10 - at < piece ? 10 - at : piece),
			    0);
		ck_assert_uint_eq(file.received, 10);
		ck_assert_int_eq(recv_file_end(&file, &end), 0);
		ck_assert_int_eq(pread(fd, stored, sizeof(stored), 0), 10);
		ck_assert_mem_eq(stored, content, 10);
	}
}
END_TEST

/* Receive data, then a hole. */
static void
receive_data_and_hole(const char *data, size_t length, uint64_t hole)
{
	ck_assert_int_eq(recv_file_data(&file, data, length), 0);
	ck_assert_int_eq(recv_file_hole(&file, hole), 0);
}

START_TEST(holes_read_as_zeros)
{
	const char content[10] = "ab\0\0\0cd";
	const struct wire_end end = end_of(content, sizeof(content));
	char stored[16];

	recv_file_begin(&file, fd, sizeof(content));
	receive_data_and_hole(content, 2, 3);
	receive_data_and_hole(content + 5, 2, 3);
	ck_assert_int_eq(recv_file_hole(&file, 1), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
	ck_assert_int_eq(recv_file_end(&file, &end), 0);
	ck_assert_int_eq(recv_file_set_size(&file), 0);
	ck_assert_int_eq(pread(fd, stored, sizeof(stored), 0), sizeof(content));
	ck_assert_mem_eq(stored, content, sizeof(content));
}
END_TEST

/* Bytes after the prefix were written, but not hashed. */
START_TEST(resume_continues_after_the_prefix)
{
	const struct wire_end end = end_of("abcdef", 6);
	struct digest prefix;
	char stored[16];

	ck_assert_int_eq(write(fd, "abcXYZXYZ", 9), 9);
	digest_init(&prefix);
	digest_add(&prefix, "abc", 3);
	ck_assert_int_eq(recv_file_resume(&file, fd, 6, &prefix), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 3);
	ck_assert_int_eq(recv_file_data(&file, "def", 3), 0);
	ck_assert_int_eq(recv_file_end(&file, &end), 0);
	ck_assert_int_eq(pread(fd, stored, sizeof(stored), 0), 6);
	ck_assert_mem_eq(stored, "abcdef", 6);
	ck_assert_int_eq(lseek(fd, 1, SEEK_SET), 1);
	ck_assert_int_eq(recv_file_resume(&file, fd, 6, &prefix), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 3);
}
END_TEST

START_TEST(file_is_complete_when_it_is_empty)
{
	struct wire_end end = end_of("", 0);

	recv_file_begin(&file, fd, 0);
	ck_assert_int_eq(recv_file_end(&file, &end), 0);
	recv_file_begin(&file, fd, WIRE_SIZE_UNKNOWN);
	ck_assert_int_eq(recv_file_end(&file, &end), 0);
	recv_file_begin(&file, fd, 1);
	ck_assert_int_eq(recv_file_end(&file, &end), -1);
	end.digest++;
	recv_file_begin(&file, fd, 0);
	ck_assert_int_eq(recv_file_end(&file, &end), -1);
}
END_TEST

START_TEST(data_fails_when_it_exceeds_the_announced_size)
{
	recv_file_begin(&file, fd, 4);
	ck_assert_int_eq(recv_file_data(&file, "123", 3), 0);
	errno = 0;
	ck_assert_int_eq(recv_file_data(&file, "45", 2), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
	/* Bytes beyond the announced size are not written. */
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 3);
	recv_file_begin(&file, fd, 0);
	ck_assert_int_eq(recv_file_data(&file, "1", 1), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
}
END_TEST

START_TEST(end_fails_when_size_or_digest_differs)
{
	struct wire_end end = end_of("1234", 4), wrong;

	recv_file_begin(&file, fd, 4);
	ck_assert_int_eq(recv_file_data(&file, "1234", 4), 0);
	ck_assert_int_eq(recv_file_end(&file, &end), 0);
	wrong = end;
	wrong.size = 3;
	ck_assert_int_eq(recv_file_end(&file, &wrong), -1);
	wrong.size = 5;
	ck_assert_int_eq(recv_file_end(&file, &wrong), -1);
	wrong = end;
	wrong.digest ^= (uint64_t)1 << 63;
	ck_assert_int_eq(recv_file_end(&file, &wrong), -1);
	wrong = end_of("4321", 4);
	ck_assert_int_eq(recv_file_end(&file, &wrong), -1);
}
END_TEST

START_TEST(end_fails_when_bytes_are_missing)
{
	struct wire_end end = end_of("123", 3);

	recv_file_begin(&file, fd, 4);
	ck_assert_int_eq(recv_file_data(&file, "123", 3), 0);
	/* The end agrees with the data, but not with the announced size. */
	ck_assert_int_eq(recv_file_end(&file, &end), -1);
	recv_file_begin(&file, fd, WIRE_SIZE_UNKNOWN);
	ck_assert_int_eq(recv_file_data(&file, "123", 3), 0);
	ck_assert_int_eq(recv_file_end(&file, &end), 0);
}
END_TEST

START_TEST(data_fails_when_the_file_cannot_be_written)
{
	struct rlimit before, limit;
	int full, result, error;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 4;
	recv_file_begin(&file, fd, 8);
	/* Under the limit, use no ck_assert: libcheck also writes files. */
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	result = recv_file_data(&file, "12345678", 8);
	error = errno;
	(void)setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(error, EFBIG);
	full = open("/dev/full", O_WRONLY);
	if (full >= 0) {
		recv_file_begin(&file, full, 8);
		ck_assert_int_eq(recv_file_data(&file, "12345678", 8), -1);
		ck_assert_int_eq(errno, ENOSPC);
		close(full);
	}
	recv_file_begin(&file, -1, 8);
	ck_assert_int_eq(recv_file_data(&file, "1", 1), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(resume_and_hole_fail_when_the_file_cannot_seek)
{
	const struct digest prefix = {.length = 3};
	int ends[2];

	ck_assert_int_eq(recv_file_resume(&file, -1, 8, &prefix), -1);
	ck_assert_int_eq(errno, EBADF);
	recv_file_begin(&file, fd, 8);
	ck_assert_int_eq(recv_file_hole(&file, 9), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
	ck_assert_int_eq(recv_file_hole(&file, 8), 0);
	ck_assert_int_eq(pipe(ends), 0);
	recv_file_begin(&file, ends[1], 8);
	ck_assert_int_eq(recv_file_hole(&file, 1), -1);
	ck_assert_int_eq(errno, ESPIPE);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

Suite *
recv_file_suite(void)
{
	Suite *suite = suite_create("recv_file");
	TCase *tcase = tcase_create("recv_file");

	tcase_add_checked_fixture(tcase, begin, finish);
	tcase_add_test(tcase, file_is_complete_when_it_came_in_pieces);
	tcase_add_test(tcase, holes_read_as_zeros);
	tcase_add_test(tcase, resume_continues_after_the_prefix);
	tcase_add_test(tcase, file_is_complete_when_it_is_empty);
	tcase_add_test(tcase, data_fails_when_it_exceeds_the_announced_size);
	tcase_add_test(tcase, end_fails_when_size_or_digest_differs);
	tcase_add_test(tcase, end_fails_when_bytes_are_missing);
	tcase_add_test(tcase, data_fails_when_the_file_cannot_be_written);
	tcase_add_test(tcase, resume_and_hole_fail_when_the_file_cannot_seek);
	suite_add_tcase(suite, tcase);
	return suite;
}
