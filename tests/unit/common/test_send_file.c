/* SPDX-License-Identifier: ISC */
/* Send a source as frames, and abort if it changes. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/send_file.h"
#include "tests/unit/common/sending.h"

Suite *send_file_suite(void);

/* Set the size of the source, and begin to send it. */
static void
announce(uint64_t size)
{
	struct stat status;
	uint8_t block[4096];

	ck_assert_int_eq(ftruncate(sending.source, 0), 0);
	ck_assert_int_eq(lseek(sending.source, 0, SEEK_SET), 0);
	for (uint64_t left = size; left > 0;) {
		size_t part =
		    left < sizeof(block) ? (size_t)left : sizeof(block);

		memset(block, (int)(left / sizeof(block)), sizeof(block));
		ck_assert_int_eq(io_write_all(sending.source, block, part), 0);
		left -= part;
	}
	ck_assert_int_eq(lseek(sending.source, 0, SEEK_SET), 0);
	ck_assert_int_eq(fstat(sending.source, &status), 0);
	send_file_begin(&sending.file, sending.source, 77, &status);
}

START_TEST(file_of_each_size_is_sent)
{
	static const uint64_t list[] = {0, 1, 4095, 4096, CONN_DATA - 1,
	    CONN_DATA, CONN_DATA + 1, 3 * CONN_DATA, (1 << 20) + 1};

	announce(list[_i / 2]);
	ck_assert_int_eq(sending_run(_i % 2), SEND_FILE_ENDED);
	sending_check_whole(list[_i / 2]);
}
END_TEST

START_TEST(source_is_aborted_when_it_becomes_shorter)
{
	announce(10000);
	ck_assert_int_eq(ftruncate(sending.source, 9999), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
	ck_assert_int_eq(sending.outcome.status, STATUS_CHANGED);
}
END_TEST

START_TEST(source_is_aborted_when_it_becomes_empty)
{
	announce(10000);
	ck_assert_int_eq(ftruncate(sending.source, 0), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
	ck_assert_uint_eq(sending.received.data, 0);
}
END_TEST

START_TEST(source_is_aborted_when_it_becomes_longer)
{
	announce(10000);
	ck_assert_int_eq(pwrite(sending.source, "x", 1, 10000), 1);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
	/* The data frames never exceed the announced size. */
	ck_assert_uint_le(sending.received.data, 10000);
}
END_TEST

START_TEST(source_is_aborted_when_it_was_empty_and_grows)
{
	announce(0);
	ck_assert_int_eq(pwrite(sending.source, "x", 1, 0), 1);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

/* A file in /proc is longer than its st_size, and does not change. */
START_TEST(source_is_aborted_when_it_is_longer_than_its_size)
{
	int longer = open("/proc/version", O_RDONLY);
	struct stat status;

	announce(10000);
	status = sending.file.begun;
	if (longer == -1) {
		longer = sending.source;
		status.st_size = 9999;
	} else {
		ck_assert_int_eq(fstat(longer, &status), 0);
	}
	send_file_begin(&sending.file, longer, 77, &status);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
	if (longer != sending.source)
		close(longer);
}
END_TEST

START_TEST(source_is_aborted_when_its_end_cannot_be_read)
{
	struct stat status;
	int directory = open(".", O_RDONLY);

	ck_assert_int_ge(directory, 0);
	ck_assert_int_eq(fstat(directory, &status), 0);
	status.st_size = 0;
	send_file_begin(&sending.file, directory, 77, &status);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	close(directory);
}
END_TEST

START_TEST(source_is_aborted_when_its_time_changes)
{
	struct timespec times[2] = {{0, UTIME_OMIT}, {0, 0}};

	announce(10000);
	times[1] = sending.file.begun.st_mtim;
	times[1].tv_nsec = (times[1].tv_nsec + 1) % 1000000000;
	ck_assert_int_eq(futimens(sending.source, times), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

START_TEST(source_is_aborted_when_it_cannot_be_read)
{
	struct stat status;
	int directory = open(".", O_RDONLY);

	ck_assert_int_ge(directory, 0);
	announce(10);
	status = sending.file.begun;
	send_file_begin(&sending.file, directory, 77, &status);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	ck_assert_int_eq(sending.received.status, STATUS_FAILED);
	ck_assert_ptr_nonnull(strstr(sending.outcome.text, "directory"));
	close(directory);
}
END_TEST

START_TEST(growing_source_is_sent_to_its_announced_size)
{
	struct stat status;

	announce(10000);
	ck_assert_int_eq(pwrite(sending.source, "x", 1, 10000), 1);
	ck_assert_int_eq(fstat(sending.source, &status), 0);
	send_file_begin_growing(
	    &sending.file, sending.source, 77, &status, 10000);
	ck_assert_int_eq(sending_run(0), SEND_FILE_ENDED);
	sending_check_whole(10000);
}
END_TEST

START_TEST(growing_source_is_aborted_when_it_becomes_shorter)
{
	struct stat status;

	announce(10000);
	status = sending.file.begun;
	ck_assert_int_eq(ftruncate(sending.source, 9999), 0);
	send_file_begin_growing(
	    &sending.file, sending.source, 77, &status, 10000);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

/* Begin to send a pipe of given bytes; announce this size. */
static void
announce_pipe(size_t given, uint64_t size)
{
	char bytes[100] = "";
	int pipe_ends[2];

	ck_assert_int_eq(pipe(pipe_ends), 0);
	ck_assert_int_eq(io_write_all(pipe_ends[1], bytes, given), 0);
	close(pipe_ends[1]);
	ck_assert_int_ne(dup2(pipe_ends[0], sending.source), -1);
	close(pipe_ends[0]);
	send_file_begin_stream(&sending.file, sending.source, 77, size);
}

START_TEST(stream_of_unknown_size_is_sent)
{
	announce_pipe((size_t)_i, WIRE_SIZE_UNKNOWN);
	ck_assert_int_eq(sending_run(0), SEND_FILE_ENDED);
	sending_check_whole((uint64_t)_i);
}
END_TEST

START_TEST(stream_of_the_announced_size_is_sent)
{
	announce_pipe((size_t)_i, (uint64_t)_i);
	ck_assert_int_eq(sending_run(0), SEND_FILE_ENDED);
	sending_check_whole((uint64_t)_i);
}
END_TEST

START_TEST(stream_is_aborted_when_its_size_differs)
{
	announce_pipe(50, _i == 0 ? 49 : 51);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
	ck_assert_uint_le(sending.received.data, 50);
}
END_TEST

/* Queue a frame, as if data was sent before. */
static void
queue_some(size_t length)
{
	uint8_t *room = conn_reserve(&sending.conn, length);

	ck_assert_ptr_nonnull(room);
	memset(room, 0, length);
	conn_queue(&sending.conn, WIRE_DATA, 77, length);
}

/* There is space for the data, but not for the abort frame. */
START_TEST(stream_is_aborted_when_longer_and_the_buffer_is_almost_full)
{
	const size_t length = 50, little = 2 * (WIRE_HEADER + length);

	announce_pipe(length + 1, length);
	queue_some(CONN_DATA);
	queue_some(CONN_OUTPUT - CONN_DATA - 2 * WIRE_HEADER - little);
	ck_assert_int_eq(sending_run(1), SEND_FILE_FAILED);
	ck_assert(sending.received.aborted);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

START_TEST(step_returns_empty_when_the_stream_has_no_data)
{
	int pipe_ends[2];

	ck_assert_int_eq(pipe(pipe_ends), 0);
	send_file_begin_stream(
	    &sending.file, pipe_ends[0], 77, WIRE_SIZE_UNKNOWN);
	ck_assert_int_eq(
	    send_file_step(&sending.file, &sending.conn, &sending.outcome),
	    SEND_FILE_EMPTY);
	ck_assert_int_eq(io_write_all(pipe_ends[1], "x", 1), 0);
	ck_assert_int_eq(
	    send_file_step(&sending.file, &sending.conn, &sending.outcome),
	    SEND_FILE_MORE);
	ck_assert_int_eq(
	    send_file_step(&sending.file, &sending.conn, &sending.outcome),
	    SEND_FILE_EMPTY);
	close(pipe_ends[1]);
	ck_assert_int_eq(
	    send_file_step(&sending.file, &sending.conn, &sending.outcome),
	    SEND_FILE_ENDED);
	close(pipe_ends[0]);
}
END_TEST

START_TEST(abort_fails_when_the_buffer_is_full)
{
	struct outcome why;
	uint8_t *room = conn_reserve(&sending.conn, CONN_DATA);

	ck_assert_ptr_nonnull(room);
	memset(room, 0, CONN_DATA);
	conn_queue(&sending.conn, WIRE_DATA, 1, CONN_DATA);
	while ((room = conn_reserve(&sending.conn, STATUS_TEXT)) != NULL) {
		memset(room, 0, STATUS_TEXT);
		conn_queue(&sending.conn, WIRE_DATA, 1, STATUS_TEXT);
	}
	outcome_set(&why, STATUS_CANCELLED, "enough");
	ck_assert_int_eq(send_file_abort(&sending.conn, 1, &why), -1);
	ck_assert_int_eq(conn_flush(&sending.conn), 0);
	ck_assert_uint_le(conn_unsent(&sending.conn), CONN_OUTPUT);
}
END_TEST

Suite *
send_file_suite(void)
{
	Suite *suite = suite_create("send_file");
	TCase *tcase = tcase_create("send_file");

	tcase_add_checked_fixture(tcase, sending_begin, sending_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, file_of_each_size_is_sent, 0, 18);
	tcase_add_test(tcase, source_is_aborted_when_it_becomes_shorter);
	tcase_add_test(tcase, source_is_aborted_when_it_becomes_empty);
	tcase_add_test(tcase, source_is_aborted_when_it_becomes_longer);
	tcase_add_test(tcase, source_is_aborted_when_it_was_empty_and_grows);
	tcase_add_test(
	    tcase, source_is_aborted_when_it_is_longer_than_its_size);
	tcase_add_test(tcase, source_is_aborted_when_its_end_cannot_be_read);
	tcase_add_test(tcase, source_is_aborted_when_its_time_changes);
	tcase_add_test(tcase, source_is_aborted_when_it_cannot_be_read);
	tcase_add_test(tcase, growing_source_is_sent_to_its_announced_size);
	tcase_add_test(
	    tcase, growing_source_is_aborted_when_it_becomes_shorter);
	tcase_add_loop_test(tcase, stream_of_unknown_size_is_sent, 0, 3);
	tcase_add_loop_test(tcase, stream_of_the_announced_size_is_sent, 0, 3);
	tcase_add_loop_test(
	    tcase, stream_is_aborted_when_its_size_differs, 0, 2);
	tcase_add_test(
	    tcase, stream_is_aborted_when_longer_and_the_buffer_is_almost_full);
	tcase_add_test(tcase, step_returns_empty_when_the_stream_has_no_data);
	tcase_add_test(tcase, abort_fails_when_the_buffer_is_full);
	suite_add_tcase(suite, tcase);
	return suite;
}
