/* SPDX-License-Identifier: ISC */
/* Preambles and headers: each type, each length. */
#include <check.h>
#include <string.h>

#include "common/wire.h"

Suite *wire_suite(void);

static uint8_t bytes[WIRE_CONTROL_MAX];

START_TEST(greeting_is_read_as_written)
{
	static const uint8_t expected[WIRE_GREETING] = {0x89, 0x46, 0x54, 0x58,
	    0x44, 0x0d, 0x0a, 0x0a, 0, 1, 2, 3, 0, 0, 0, 1, 0x11, 0x22, 0x33,
	    0x44, 0x55, 0x66, 0x77, 0x88};
	const struct wire_greeting in = {
	    1, 0x0203, WIRE_REFUSING, 0x1122334455667788};
	struct wire_greeting out;

	wire_write_greeting(bytes, &in);
	ck_assert_mem_eq(bytes, expected, WIRE_GREETING);
	ck_assert_int_eq(wire_read_greeting(bytes, &out), 0);
	ck_assert_uint_eq(out.lowest, in.lowest);
	ck_assert_uint_eq(out.highest, in.highest);
	ck_assert_uint_eq(out.state, in.state);
	ck_assert_uint_eq(out.max_size, in.max_size);
	for (int i = 0; i < 8; i++) {
		bytes[i] ^= 1;
		ck_assert_int_eq(wire_read_greeting(bytes, &out), -1);
		bytes[i] ^= 1;
	}
}
END_TEST

START_TEST(hello_is_read_as_written)
{
	static const uint8_t expected[WIRE_HELLO] = {0x89, 0x46, 0x54, 0x58,
	    0x43, 0x0d, 0x0a, 0x0a, 0, 1, 0xff, 0xff, 0, 0, 0, 0};
	const struct wire_hello in = {1, 0xffff};
	struct wire_hello out;

	wire_write_hello(bytes, &in);
	ck_assert_mem_eq(bytes, expected, WIRE_HELLO);
	ck_assert_int_eq(wire_read_hello(bytes, &out), 0);
	ck_assert_uint_eq(out.lowest, 1);
	ck_assert_uint_eq(out.highest, 0xffff);
	for (int i = 0; i < WIRE_HELLO; i++) {
		bytes[i] ^= 1;
		ck_assert_int_eq(
		    wire_read_hello(bytes, &out), i >= 8 && i < 12 ? 0 : -1);
		bytes[i] ^= 1;
	}
}
END_TEST

/* The lengths that each type allows in ftx-protocol(5). */
static const struct {
	int type;
	enum wire_side side;
	const char *name;
	uint32_t shortest, longest;
} types[] = {{1, WIRE_FROM_CLIENT, "base", 1, 4097},
    {2, WIRE_FROM_CLIENT, "put", 44, 44 + 4096},
    {3, WIRE_FROM_CLIENT, "ask", 44, 44 + 4096},
    {4, WIRE_FROM_CLIENT, "directory", 44, 44 + 4096},
    {5, WIRE_FROM_CLIENT, "data", 1, 1048576},
    {6, WIRE_FROM_CLIENT, "hole", 8, 8}, {7, WIRE_FROM_CLIENT, "end", 16, 16},
    {8, WIRE_FROM_CLIENT, "abort", 1, 1 + 1024},
    {9, WIRE_FROM_CLIENT, "waiting", 0, 0}, {10, WIRE_FROM_CLIENT, "bye", 0, 0},
    {11, WIRE_FROM_CLIENT, "restart", 0, 0},
    {129, WIRE_FROM_SERVER, "based", 2, 2 + 2 * 4096},
    {130, WIRE_FROM_SERVER, "go", 16, 16},
    {131, WIRE_FROM_SERVER, "result", 20, 20 + 1024},
    {132, WIRE_FROM_SERVER, "working", 0, 0},
    {133, WIRE_FROM_SERVER, "fatal", 1, 1 + 1024},
    {134, WIRE_FROM_SERVER, "features", 8, 8}};

#define TYPES (sizeof(types) / sizeof(types[0]))

/* Read a header of this type and length from this side. */
static int
read_header(int type, uint32_t length, enum wire_side side)
{
	struct wire_frame in = {(enum wire_type)type, 0x01020304, length}, out;
	const char *reason = NULL;
	int result;

	wire_write_header(bytes, &in);
	result = wire_read_header(bytes, side, &out, &reason);
	if (result == 0) {
		ck_assert_int_eq((int)out.type, type);
		ck_assert_uint_eq(out.request, in.request);
		ck_assert_uint_eq(out.length, length);
	} else {
		ck_assert_ptr_nonnull(reason);
	}
	return result;
}

START_TEST(header_has_the_documented_layout)
{
	static const uint8_t expected[WIRE_HEADER] = {
	    5, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd, 0, 0x0f, 0xed, 0xcb};
	const struct wire_frame in = {WIRE_DATA, 0xaabbccdd, 0x000fedcb};
	struct wire_frame out;
	const char *reason;

	wire_write_header(bytes, &in);
	ck_assert_mem_eq(bytes, expected, WIRE_HEADER);
	for (int i = 1; i < 4; i++) {
		bytes[i] = 0x80;
		ck_assert_int_eq(
		    wire_read_header(bytes, WIRE_FROM_CLIENT, &out, &reason),
		    -1);
		bytes[i] = 0;
	}
}
END_TEST

START_TEST(header_is_rejected_when_the_type_forbids_its_length)
{
	uint32_t low = types[_i].shortest, high = types[_i].longest;
	enum wire_side side = types[_i].side;
	enum wire_side other =
	    side == WIRE_FROM_CLIENT ? WIRE_FROM_SERVER : WIRE_FROM_CLIENT;
	int type = types[_i].type;

	ck_assert_str_eq(wire_type_name((enum wire_type)type), types[_i].name);
	if (low > 0)
		ck_assert_int_eq(read_header(type, low - 1, side), -1);
	ck_assert_int_eq(read_header(type, low, side), 0);
	ck_assert_int_eq(read_header(type, low + 1, side), low < high ? 0 : -1);
	ck_assert_int_eq(read_header(type, high, side), 0);
	ck_assert_int_eq(read_header(type, high + 1, side), -1);
	ck_assert_int_eq(read_header(type, INT32_MAX, side), -1);
	ck_assert_int_eq(read_header(type, UINT32_MAX, side), -1);
	ck_assert_int_eq(read_header(type, low, other), -1);
}
END_TEST

START_TEST(header_is_rejected_when_its_type_is_unknown)
{
	size_t known = 0;

	for (int type = 0; type < 256; type++) {
		if (known < TYPES && types[known].type == type) {
			known++;
			continue;
		}
		for (uint32_t length = 0; length < 64; length++) {
			ck_assert_int_eq(
			    read_header(type, length, WIRE_FROM_CLIENT), -1);
			ck_assert_int_eq(
			    read_header(type, length, WIRE_FROM_SERVER), -1);
		}
	}
	ck_assert_uint_eq(known, TYPES);
}
END_TEST

Suite *
wire_suite(void)
{
	Suite *suite = suite_create("wire");
	TCase *tcase = tcase_create("frames");

	tcase_add_test(tcase, greeting_is_read_as_written);
	tcase_add_test(tcase, hello_is_read_as_written);
	tcase_add_test(tcase, header_has_the_documented_layout);
	tcase_add_loop_test(tcase,
	    header_is_rejected_when_the_type_forbids_its_length, 0, (int)TYPES);
	tcase_add_test(tcase, header_is_rejected_when_its_type_is_unknown);
	suite_add_tcase(suite, tcase);
	return suite;
}
