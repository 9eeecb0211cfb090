/* SPDX-License-Identifier: ISC */
/* Send a source with holes, also when the holes change. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/common/sending.h"

Suite *send_file_holes_suite(void);

/* Other systems send holes as zeros. */
#ifdef OS_LINUX
#define FOUND 1
#else
#define FOUND 0
#endif

/* Every file system supports holes at multiples of this. */
#define UNIT (1 << 20)

/*
 * Each letter is a unit of the source: d is data, z is written zeros, and a dot
 * is a hole.  The last unit is shorter by some bytes.
 */
static const struct layout {
	const char *units;
	uint64_t shorter;
} layouts[] = {
    {"dd", 0},
    {"dzzd", 0},
    {".", 0},
    {".", UNIT - 1},
    {".....", 4095},
    {".d", 0},
    {"d.", 0},
    {"d.", UNIT - 1},
    {"d.d", 1},
    {".d.", 17},
    {"d.z.d..dd...d", 4097},
    {"..d..z..d..", 0},
};

#define LAYOUTS ((int)(sizeof(layouts) / sizeof(layouts[0])))

static uint64_t
size_of(const struct layout *layout)
{
	return strlen(layout->units) * UNIT - layout->shorter;
}

/* The number of bytes in holes. */
static uint64_t
holes_of(const struct layout *layout)
{
	uint64_t size = size_of(layout), holes = 0;

	for (size_t i = 0; FOUND && layout->units[i] != '\0'; i++)
		if (layout->units[i] == '.')
			holes += (i + 1) * UNIT <= size ? UNIT : size % UNIT;
	return holes;
}

/* Write the source, and begin to send it. */
static void
lay_out(const struct layout *layout)
{
	char *unit = calloc(1, UNIT);
	struct stat status;

	ck_assert_ptr_nonnull(unit);
	for (size_t i = 0; layout->units[i] != '\0'; i++) {
		if (layout->units[i] == '.')
			continue;
		memset(unit, layout->units[i] == 'd' ? 'a' + (int)i : 0, UNIT);
		ck_assert_int_eq(
		    pwrite(sending.source, unit, UNIT, (off_t)i * UNIT), UNIT);
	}
	free(unit);
	ck_assert_int_eq(ftruncate(sending.source, (off_t)size_of(layout)), 0);
	ck_assert_int_eq(fstat(sending.source, &status), 0);
	send_file_begin(&sending.file, sending.source, 77, &status);
	/* Frames of this size do not end at the beginning of a hole. */
	sending.file.largest = 100000;
}

/* The digest of the first bytes, by read(2). */
static uint64_t
digest_of(uint64_t length)
{
	static uint8_t piece[65536];
	struct digest digest;

	digest_init(&digest);
	for (uint64_t at = 0; at < length;) {
		uint64_t left = length - at;
		ssize_t got = pread(sending.source, piece,
		    left < sizeof(piece) ? (size_t)left : sizeof(piece),
		    (off_t)at);

		ck_assert_int_gt(got, 0);
		digest_add(&digest, piece, (size_t)got);
		at += (uint64_t)got;
	}
	return digest_value(&digest);
}

static void
check_sent(const struct layout *layout)
{
	sending_check_whole(size_of(layout));
	ck_assert_uint_eq(
	    sending.received.end.digest, digest_of(size_of(layout)));
	ck_assert_uint_eq(sending.received.holes, holes_of(layout));
}

START_TEST(each_layout_is_sent)
{
	lay_out(&layouts[_i / 2]);
	ck_assert_int_eq(sending_run(_i % 2), SEND_FILE_ENDED);
	check_sent(&layouts[_i / 2]);
}
END_TEST

/* A skip ends exactly at the given offset. */
START_TEST(each_layout_is_skipped)
{
	const struct layout *layout = &layouts[_i];
	uint64_t size = size_of(layout);
	const uint64_t kept[] = {1, size / 3 + 1, size / 2 + 1, size};

	lay_out(layout);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		while (sending.file.sent < kept[i])
			ck_assert_int_eq(send_file_skip(&sending.file, kept[i],
					     &sending.outcome),
			    0);
		ck_assert_uint_eq(sending.file.sent, kept[i]);
		ck_assert_uint_eq(
		    digest_value(&sending.file.digest), digest_of(kept[i]));
	}
	ck_assert_int_eq(send_file_rewind(&sending.file, &sending.outcome), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_ENDED);
	check_sent(layout);
}
END_TEST

START_TEST(rest_is_sent_after_a_prefix)
{
	const struct layout *layout = &layouts[_i];
	uint64_t size = size_of(layout), kept = size / 2 + 1;

	lay_out(layout);
	while (sending.file.sent < kept)
		ck_assert_int_eq(
		    send_file_skip(&sending.file, kept, &sending.outcome), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_ENDED);
	ck_assert_uint_eq(
	    sending.received.data + sending.received.holes, size - kept);
	ck_assert_uint_eq(sending.received.end.digest, digest_of(size));
}
END_TEST

/* Pieces are short, so that no step takes long. */
START_TEST(large_hole_is_sent_in_pieces)
{
	const struct layout hole = {".", 0};

	lay_out(&hole);
	ck_assert_int_eq(
	    send_file_step(&sending.file, &sending.conn, &sending.outcome),
	    SEND_FILE_MORE);
	ck_assert_uint_le(sending.file.sent, CONN_DATA);
}
END_TEST

START_TEST(allocated_size_excludes_holes)
{
	const struct layout *layout = &layouts[_i];
	uint64_t size = size_of(layout), allocated;
	struct stat status;

	lay_out(layout);
	ck_assert_int_eq(fstat(sending.source, &status), 0);
	allocated = holes_allocated(sending.source, &status);
	ck_assert_uint_le(allocated, size);
	ck_assert_uint_ge(allocated, size - holes_of(layout));
	/* The file system adds some blocks of its own. */
	ck_assert_uint_le(allocated, size - holes_of(layout) + UNIT / 2);
	ck_assert_int_eq(lseek(sending.source, 0, SEEK_CUR), 0);
}
END_TEST

/* Begin, and send a part of the first unit. */
static void
begin_with(const struct layout *layout, uint64_t growing)
{
	struct stat status;

	lay_out(layout);
	ck_assert_int_eq(fstat(sending.source, &status), 0);
	if (growing > 0)
		send_file_begin_growing(
		    &sending.file, sending.source, 77, &status, growing);
	ck_assert_int_eq(
	    send_file_step(&sending.file, &sending.conn, &sending.outcome),
	    SEND_FILE_MORE);
}

static const struct layout changing = {"..d..", 0};

/* Set another time, because file systems may have coarse clocks. */
static void
touch(void)
{
	const struct timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};

	ck_assert_int_eq(futimens(sending.source, times), 0);
}

START_TEST(source_is_aborted_when_a_hole_is_filled)
{
	begin_with(&changing, 0);
	ck_assert_int_eq(pwrite(sending.source, "x", 1, _i * UNIT), 1);
	touch();
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

START_TEST(source_is_aborted_when_a_hole_is_cut_off)
{
	uint64_t size = size_of(&changing);

	begin_with(&changing, _i / 4 * size);
	ck_assert_int_eq(ftruncate(sending.source, (_i % 4 + 1) * UNIT), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

/* The source is truncated while its last part is being sent. */
START_TEST(source_is_aborted_when_the_last_hole_is_cut_off)
{
	const struct layout last = {"...", 0};

	begin_with(&last, size_of(&last));
	ck_assert_int_eq(ftruncate(sending.source, UNIT), 0);
	ck_assert_int_eq(sending_run(0), SEND_FILE_FAILED);
	ck_assert_int_eq(sending.received.status, STATUS_CHANGED);
}
END_TEST

/* The announced size ends inside of a hole. */
START_TEST(growing_source_is_sent_with_holes)
{
	uint64_t size = size_of(&changing);

	begin_with(&changing, size - 5);
	ck_assert_int_eq(
	    pwrite(sending.source, "x", 1, (off_t)size + _i * UNIT), 1);
	ck_assert_int_eq(sending_run(0), SEND_FILE_ENDED);
	sending_check_whole(size - 5);
	ck_assert_uint_eq(sending.received.end.digest, digest_of(size - 5));
}
END_TEST

Suite *
send_file_holes_suite(void)
{
	Suite *suite = suite_create("send_file_holes");
	TCase *tcase = tcase_create("send_file_holes");

	tcase_add_checked_fixture(tcase, sending_begin, sending_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, each_layout_is_sent, 0, 2 * LAYOUTS);
	tcase_add_loop_test(tcase, each_layout_is_skipped, 0, LAYOUTS);
	tcase_add_loop_test(tcase, rest_is_sent_after_a_prefix, 0, LAYOUTS);
	tcase_add_test(tcase, large_hole_is_sent_in_pieces);
	tcase_add_loop_test(tcase, allocated_size_excludes_holes, 0, LAYOUTS);
	tcase_add_loop_test(
	    tcase, source_is_aborted_when_a_hole_is_filled, 0, 5);
	tcase_add_loop_test(
	    tcase, source_is_aborted_when_a_hole_is_cut_off, 0, 8);
	tcase_add_test(tcase, source_is_aborted_when_the_last_hole_is_cut_off);
	tcase_add_loop_test(tcase, growing_source_is_sent_with_holes, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
