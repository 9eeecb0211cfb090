/* SPDX-License-Identifier: ISC */
/* Payloads: each limit, each invalid value. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"

Suite *wire_payload_suite(void);

static uint8_t bytes[WIRE_CONTROL_MAX];

static struct wire_bytes
bytes_of(const char *text)
{
	return (struct wire_bytes){text, strlen(text)};
}

static int
is_text(struct wire_bytes found, const char *text)
{
	return found.length == strlen(text) &&
	    memcmp(found.bytes, text, found.length) == 0;
}

START_TEST(base_is_read_as_written)
{
	struct wire_base in = {WIRE_BASE_RESOLVE, bytes_of("a/b/")}, out;
	size_t length = wire_write_base(bytes, &in);

	ck_assert_uint_eq(length, 5);
	ck_assert_int_eq(wire_read_base(bytes, length, &out), 0);
	ck_assert_int_eq(out.mode, WIRE_BASE_RESOLVE);
	ck_assert(is_text(out.path, "a/b/"));
	in.mode = WIRE_BASE_DIRECTORY;
	in.path.length = 0;
	length = wire_write_base(bytes, &in);
	ck_assert_uint_eq(length, 1);
	ck_assert_int_eq(wire_read_base(bytes, length, &out), 0);
	ck_assert_int_eq(out.mode, WIRE_BASE_DIRECTORY);
	ck_assert_uint_eq(out.path.length, 0);
	for (int mode = 2; mode < 256; mode++) {
		bytes[0] = (uint8_t)mode;
		ck_assert_int_eq(wire_read_base(bytes, length, &out), -1);
	}
}
END_TEST

START_TEST(based_is_read_as_written)
{
	static const char *const pairs[][2] = {
	    {"", ""}, {"d/e", ""}, {"", "name"}, {"d", "name"}};
	struct wire_based in, out;

	for (size_t i = 0; i < 4; i++) {
		size_t length;

		in.directory = bytes_of(pairs[i][0]);
		in.name = bytes_of(pairs[i][1]);
		length = wire_write_based(bytes, &in);
		ck_assert_int_eq(wire_read_based(bytes, length, &out), 0);
		ck_assert(is_text(out.directory, pairs[i][0]));
		ck_assert(is_text(out.name, pairs[i][1]));
	}
}
END_TEST

START_TEST(based_is_rejected_when_a_length_or_path_is_invalid)
{
	struct wire_based in = {bytes_of("d"), bytes_of("name")}, out;
	size_t length = wire_write_based(bytes, &in);

	/* The directory ends at the end of the payload, and one byte later. */
	bytes[1] = 5;
	ck_assert_int_eq(wire_read_based(bytes, length, &out), 0);
	ck_assert_uint_eq(out.name.length, 0);
	bytes[1] = 6;
	ck_assert_int_eq(wire_read_based(bytes, length, &out), -1);
	bytes[0] = bytes[1] = 0xff;
	ck_assert_int_eq(wire_read_based(bytes, length, &out), -1);
	bytes[0] = bytes[1] = 0;
	ck_assert_int_eq(wire_read_based(bytes, 2, &out), 0);
	bytes[1] = 1;
	ck_assert_int_eq(wire_read_based(bytes, 2, &out), -1);
	in.directory = bytes_of("..");
	length = wire_write_based(bytes, &in);
	ck_assert_int_eq(wire_read_based(bytes, length, &out), -1);
	in = (struct wire_based){bytes_of("d"), bytes_of("a/../b")};
	length = wire_write_based(bytes, &in);
	ck_assert_int_eq(wire_read_based(bytes, length, &out), -1);
}
END_TEST

static const struct wire_request sample = {.kind = WIRE_KIND_DIRECTORY,
    .attributes = WIRE_EXACT_MODE | WIRE_TIME,
    .wishes = WIRE_NO_CLOBBER | WIRE_DRY_RUN,
    .mode = 0751,
    .seconds = -2,
    .nanoseconds = 999999999,
    .size = 0x0102030405060708,
    .allocated = 0x0102030405060707,
    .digest = 0xfedcba9876543210,
    .path = {"\n\xff", 2}};

START_TEST(request_is_read_as_written)
{
	static const uint8_t expected[] = {2, 3, 0, 18, 0, 0, 1, 0xe9, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x3b, 0x9a, 0xc9, 0xff, 1,
	    2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 7, 0xfe, 0xdc, 0xba, 0x98,
	    0x76, 0x54, 0x32, 0x10, '\n', 0xff};
	struct wire_request out;

	ck_assert_uint_eq(wire_write_request(bytes, &sample), sizeof(expected));
	ck_assert_mem_eq(bytes, expected, sizeof(expected));
	ck_assert_int_eq(wire_read_request(bytes, sizeof(expected), &out), 0);
	ck_assert_int_eq(out.kind, sample.kind);
	ck_assert_uint_eq(out.attributes, sample.attributes);
	ck_assert_uint_eq(out.wishes, sample.wishes);
	ck_assert_uint_eq(out.mode, sample.mode);
	ck_assert_int_eq(out.seconds, sample.seconds);
	ck_assert_uint_eq(out.nanoseconds, sample.nanoseconds);
	ck_assert_uint_eq(out.size, sample.size);
	ck_assert_uint_eq(out.allocated, sample.allocated);
	ck_assert_uint_eq(out.digest, sample.digest);
	ck_assert(is_text(out.path, "\n\xff"));
}
END_TEST

/* Write and read a changed sample. */
static int
read_changed(const struct wire_request *in)
{
	struct wire_request out;

	return wire_read_request(bytes, wire_write_request(bytes, in), &out);
}

START_TEST(request_is_rejected_when_a_value_is_out_of_range)
{
	struct wire_request in = sample;

	in.kind = WIRE_KIND_FILE;
	ck_assert_int_eq(read_changed(&in), 0);
	in.kind = (enum wire_kind)0;
	ck_assert_int_eq(read_changed(&in), WIRE_UNKNOWN);
	in.kind = (enum wire_kind)3;
	ck_assert_int_eq(read_changed(&in), WIRE_UNKNOWN);
	in.mode = 01000;
	ck_assert_int_eq(read_changed(&in), -1);
	in = sample;
	in.attributes = 4;
	ck_assert_int_eq(read_changed(&in), WIRE_UNKNOWN);
	in = sample;
	in.wishes = 127;
	ck_assert_int_eq(read_changed(&in), 0);
	in.wishes = 128;
	ck_assert_int_eq(read_changed(&in), WIRE_UNKNOWN);
	in = sample;
	in.mode = 0777;
	ck_assert_int_eq(read_changed(&in), 0);
	in.mode = 01000;
	ck_assert_int_eq(read_changed(&in), -1);
	in = sample;
	in.nanoseconds = 1000000000;
	ck_assert_int_eq(read_changed(&in), -1);
}
END_TEST

START_TEST(request_is_rejected_when_its_sizes_are_invalid)
{
	struct wire_request in = sample;

	in.size = in.allocated = INT64_MAX;
	ck_assert_int_eq(read_changed(&in), 0);
	in.size = (uint64_t)INT64_MAX + 1;
	ck_assert_int_eq(read_changed(&in), -1);
	in.size = WIRE_SIZE_UNKNOWN;
	ck_assert_int_eq(read_changed(&in), 0);
	in.size = 10;
	in.allocated = 9;
	ck_assert_int_eq(read_changed(&in), 0);
	in.allocated = 10;
	ck_assert_int_eq(read_changed(&in), 0);
	in.allocated = 11;
	ck_assert_int_eq(read_changed(&in), -1);
	in.size = in.allocated = 0;
	in.path.length = 0;
	ck_assert_int_eq(read_changed(&in), 0);
	in.seconds = INT64_MIN;
	ck_assert_int_eq(read_changed(&in), 0);
}
END_TEST

START_TEST(hole_is_read_as_written)
{
	static const uint64_t good[] = {1, 2, WIRE_HOLE_MAX - 1, WIRE_HOLE_MAX};
	static const uint64_t bad[] = {0, WIRE_HOLE_MAX + 1, UINT64_MAX};
	uint64_t out;

	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(wire_write_hole(bytes, good[i]), 8);
		ck_assert_int_eq(wire_read_hole(bytes, 8, &out), 0);
		ck_assert_uint_eq(out, good[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		wire_write_hole(bytes, bad[i]);
		ck_assert_int_eq(wire_read_hole(bytes, 8, &out), -1);
	}
}
END_TEST

START_TEST(go_and_end_are_read_as_written)
{
	const struct wire_go go = {UINT64_MAX, 1};
	const struct wire_end end = {0x0102030405060708, UINT64_MAX - 1};
	struct wire_go go_out;
	struct wire_end end_out;

	ck_assert_uint_eq(wire_write_go(bytes, &go), 16);
	ck_assert_int_eq(wire_read_go(bytes, 16, &go_out), 0);
	ck_assert_uint_eq(go_out.offset, go.offset);
	ck_assert_uint_eq(go_out.digest, go.digest);
	ck_assert_uint_eq(wire_write_end(bytes, &end), 16);
	ck_assert_uint_eq(bytes[7], 8);
	ck_assert_int_eq(wire_read_end(bytes, 16, &end_out), 0);
	ck_assert_uint_eq(end_out.size, end.size);
	ck_assert_uint_eq(end_out.digest, end.digest);
}
END_TEST

START_TEST(result_is_read_as_written)
{
	struct wire_result in = {STATUS_STORED, 1, 3, 4, {"why", 3}}, out;
	size_t length = wire_write_result(bytes, &in);

	ck_assert_uint_eq(length, WIRE_RESULT_SIZE + 3);
	ck_assert_int_eq(wire_read_result(bytes, length, &out), 0);
	ck_assert_int_eq(out.status, STATUS_STORED);
	ck_assert_int_eq(out.durable, 1);
	ck_assert_uint_eq(out.size, 3);
	ck_assert_uint_eq(out.digest, 4);
	ck_assert(is_text(out.text, "why"));
	for (int status = 0; status < 256; status++) {
		bytes[0] = (uint8_t)status;
		/* Only STORED may be durable. */
		bytes[1] = 1;
		ck_assert_int_eq(wire_read_result(bytes, length, &out),
		    status == STATUS_STORED ? 0 : -1);
		bytes[1] = 0;
		ck_assert_int_eq(wire_read_result(bytes, length, &out),
		    status < STATUS_WIRE ? 0 : -1);
	}
	bytes[0] = STATUS_STORED;
	bytes[1] = 2;
	ck_assert_int_eq(wire_read_result(bytes, length, &out), -1);
	bytes[1] = 0;
	bytes[3] = 1;
	ck_assert_int_eq(wire_read_result(bytes, length, &out), -1);
}
END_TEST

START_TEST(reason_is_read_as_written)
{
	struct wire_reason in = {STATUS_BUSY, {"later", 5}}, out;
	size_t length = wire_write_reason(bytes, &in);

	ck_assert_uint_eq(length, 6);
	ck_assert_int_eq(wire_read_reason(bytes, length, &out), 0);
	ck_assert_int_eq(out.status, STATUS_BUSY);
	ck_assert(is_text(out.text, "later"));
	ck_assert_int_eq(wire_read_reason(bytes, 1, &out), 0);
	ck_assert_uint_eq(out.text.length, 0);
	for (int status = 0; status < 256; status++) {
		bytes[0] = (uint8_t)status;
		ck_assert_int_eq(wire_read_reason(bytes, length, &out),
		    status < STATUS_WIRE ? 0 : -1);
	}
}
END_TEST

static const struct {
	const char *path;
	int good;
} paths[] = {{"", 1}, {"a", 1}, {"a/b", 1}, {"...", 1}, {".a", 1}, {"..a", 1},
    {"a..", 1}, {".ftx", 1}, {"x.ftx-", 1}, {".Ftx-1", 1}, {"-", 1},
    {"\xff\xfe", 1}, {"\x01\n\x1b", 1}, {"a b", 1}, {"/", 0}, {"/a", 0},
    {"a/", 0}, {"a//b", 0}, {".", 0}, {"..", 0}, {"./a", 0}, {"a/.", 0},
    {"a/../b", 0}, {"../a", 0}, {"a/..", 0}, {".ftx-", 0}, {".ftx-0/f", 0},
    {"a/.ftx-x", 0}};

START_TEST(path_is_rejected_when_it_breaks_a_rule)
{
	const char *path = paths[_i].path;

	ck_assert_msg(
	    (wire_check_path(path, strlen(path)) == NULL) == paths[_i].good,
	    "\"%s\"", path);
}
END_TEST

/* Check a path on the heap, where a sanitizer detects an over-read. */
static int
is_good(const char *path, size_t length)
{
	char *copy = malloc(length + (length == 0));
	int good;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, path, length);
	good = wire_check_path(copy, length) == NULL;
	free(copy);
	return good;
}

START_TEST(path_is_rejected_when_it_is_too_long_or_too_deep)
{
	static char path[WIRE_PATH_MAX + 2];

	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = 'a';
	ck_assert(is_good(path, 254) && is_good(path, 255));
	ck_assert(!is_good(path, 256));
	for (size_t i = 63; i < sizeof(path); i += 64)
		path[i] = '/';
	ck_assert(is_good(path, WIRE_PATH_MAX - 1));
	path[WIRE_PATH_MAX - 1] = 'a';
	ck_assert(is_good(path, WIRE_PATH_MAX));
	path[WIRE_PATH_MAX] = 'a';
	ck_assert(!is_good(path, WIRE_PATH_MAX + 1));
	for (size_t i = 1; i < sizeof(path); i += 2)
		path[i] = '/';
	ck_assert(is_good(path, 2 * (WIRE_DEPTH_MAX - 1) - 1));
	ck_assert(is_good(path, 2 * WIRE_DEPTH_MAX - 1));
	ck_assert(!is_good(path, 2 * (WIRE_DEPTH_MAX + 1) - 1));
	ck_assert(!is_good("a\0b", 3));
	ck_assert(!is_good("a\0", 2));
	ck_assert(is_good(".ftx-", 4));
	ck_assert(is_good("..", 0));
	ck_assert(!is_good("..a", 2));
}
END_TEST

Suite *
wire_payload_suite(void)
{
	Suite *suite = suite_create("wire_payload");
	TCase *payloads = tcase_create("payloads");
	TCase *names = tcase_create("paths");

	tcase_add_test(payloads, base_is_read_as_written);
	tcase_add_test(payloads, based_is_read_as_written);
	tcase_add_test(
	    payloads, based_is_rejected_when_a_length_or_path_is_invalid);
	tcase_add_test(payloads, request_is_read_as_written);
	tcase_add_test(
	    payloads, request_is_rejected_when_a_value_is_out_of_range);
	tcase_add_test(
	    payloads, request_is_rejected_when_its_sizes_are_invalid);
	tcase_add_test(payloads, hole_is_read_as_written);
	tcase_add_test(payloads, go_and_end_are_read_as_written);
	tcase_add_test(payloads, result_is_read_as_written);
	tcase_add_test(payloads, reason_is_read_as_written);
	suite_add_tcase(suite, payloads);
	tcase_add_loop_test(names, path_is_rejected_when_it_breaks_a_rule, 0,
	    (int)(sizeof(paths) / sizeof(paths[0])));
	tcase_add_test(names, path_is_rejected_when_it_is_too_long_or_too_deep);
	suite_add_tcase(suite, names);
	return suite;
}
