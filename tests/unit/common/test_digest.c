/* SPDX-License-Identifier: ISC */
/* XXH64: published values, pieces of every length, xxh64sum. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"

Suite *digest_suite(void);

#define BUFFER_SIZE (1024 * 1024 + 64)

static uint8_t buffer[BUFFER_SIZE];

/* Generate the bytes of the reference implementation's test vectors. */
static void
fill_buffer(void)
{
	uint64_t value = 2654435761U;

	for (size_t i = 0; i < sizeof buffer; i++) {
		buffer[i] = (uint8_t)(value >> 56);
		value *= 11400714785074694797U;
	}
}

static uint64_t
digest_of(const void *bytes, size_t size)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, bytes, size);
	return digest_value(&digest);
}

START_TEST(value_is_the_published_one)
{
	static const struct {
		size_t size;
		uint64_t value;
	} vectors[] = {
	    {0, 0xef46db3751d8e999},
	    {1, 0xe934a84adb052768},
	    {4, 0x9136a0dca57457ee},
	    {14, 0x8282dcc4994e35c8},
	    {222, 0xb641ae8cb691c174},
	};

	fill_buffer();
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		ck_assert_uint_eq(
		    digest_of(buffer, vectors[i].size), vectors[i].value);
	ck_assert_uint_eq(digest_of("a", 1), 0xd24ec4f1a98c6e5b);
	ck_assert_uint_eq(digest_of("abc", 3), 0x44bc2cf5ad770999);
}
END_TEST

START_TEST(value_is_the_same_when_added_in_pieces)
{
	struct digest digest;

	fill_buffer();
	for (size_t size = 0; size <= 4 * DIGEST_STRIPE + 1; size++)
		for (size_t a = 0; a <= size; a++)
			for (size_t b = a; b <= size; b += 1 + b % 3) {
				digest_init(&digest);
				digest_add(&digest, buffer, a);
				digest_add(&digest, buffer + a, b - a);
				digest_add(&digest, buffer + b, size - b);
				ck_assert_uint_eq(digest_value(&digest),
				    digest_of(buffer, size));
			}
}
END_TEST

START_TEST(value_leaves_the_digest_unchanged)
{
	struct digest digest;

	fill_buffer();
	digest_init(&digest);
	for (size_t size = 0; size < 200; size++) {
		ck_assert_uint_eq(
		    digest_value(&digest), digest_of(buffer, size));
		ck_assert_uint_eq(
		    digest_value(&digest), digest_of(buffer, size));
		digest_add(&digest, buffer + size, 1);
	}
}
END_TEST

START_TEST(value_is_the_same_at_any_alignment)
{
	uint64_t expected;

	fill_buffer();
	expected = digest_of(buffer, 1000);
	for (size_t shift = 1; shift < 40; shift++) {
		memmove(buffer + shift, buffer + shift - 1, 1000);
		ck_assert_uint_eq(digest_of(buffer + shift, 1000), expected);
	}
}
END_TEST

static void
compare_zeros(size_t before, size_t zeros, const uint8_t *none)
{
	struct digest added, skipped;

	digest_init(&added);
	digest_add(&added, buffer, before);
	skipped = added;
	digest_add(&added, none, zeros);
	digest_add(&added, buffer, 5);
	digest_add_zeros(&skipped, zeros);
	digest_add(&skipped, buffer, 5);
	ck_assert_uint_eq(digest_value(&added), digest_value(&skipped));
}

START_TEST(add_zeros_adds_zero_bytes)
{
	static const uint8_t none[100000];

	fill_buffer();
	for (size_t before = 0; before <= DIGEST_STRIPE; before++) {
		for (size_t zeros = 0; zeros <= 70; zeros++)
			compare_zeros(before, zeros, none);
		for (size_t power = 1024; power <= 65536; power *= 2)
			for (size_t zeros = power - 1; zeros <= power + 1;
			     zeros++)
				compare_zeros(before, zeros, none);
	}
}
END_TEST

/* The value is from xxh64sum. */
START_TEST(value_is_right_beyond_4_gigabytes)
{
	struct digest digest;

	digest_init(&digest);
	digest_add_zeros(&digest, UINT64_C(5) << 30);
	ck_assert_uint_eq(digest_value(&digest), 0x6122cd6a0baa8942);
}
END_TEST

static void
write_file(const char *directory, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%zu", directory, size);
	file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(buffer, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static size_t
next_size(size_t size)
{
	if (size < 300)
		return size + 1;
	/* From here, only around each power of two. */
	for (size_t power = 512; power <= 1024 * 1024; power *= 2) {
		if (size < power - 1)
			return power - 1;
		if (size <= power)
			return size + 1;
	}
	return BUFFER_SIZE;
}

/* Compare each line "digest  name"; the name is the size. */
static size_t
compare_lines(FILE *lines)
{
	char line[256];
	size_t count = 0;

	while (fgets(line, sizeof line, lines) != NULL) {
		char *name;
		uint64_t value = strtoull(line, &name, 16);
		size_t size = strtoul(name, NULL, 10);

		ck_assert_uint_eq(value, digest_of(buffer, size));
		count++;
	}
	return count;
}

START_TEST(agrees_with_xxh64sum)
{
	char directory[] = "/tmp/ftx-digest-XXXXXX", command[128];
	size_t written = 0;
	FILE *lines;

	if (system("command -v xxh64sum >/dev/null") != 0) {
		printf("skipped: agrees_with_xxh64sum: no xxh64sum here\n");
		return;
	}
	fill_buffer();
	ck_assert_ptr_nonnull(mkdtemp(directory));
	for (size_t size = 0; size < BUFFER_SIZE; size = next_size(size)) {
		write_file(directory, size);
		written++;
	}
	snprintf(command, sizeof command,
	    "cd %s && xxh64sum -- * 2>/dev/null; rm -r %s", directory,
	    directory);
	lines = popen(command, "r");
	ck_assert_ptr_nonnull(lines);
	ck_assert_uint_eq(compare_lines(lines), written);
	ck_assert_int_eq(pclose(lines), 0);
}
END_TEST

Suite *
digest_suite(void)
{
	Suite *suite = suite_create("digest");
	TCase *tests = tcase_create("digest");

	tcase_set_timeout(tests, 300);
	tcase_add_test(tests, value_is_the_published_one);
	tcase_add_test(tests, value_is_the_same_when_added_in_pieces);
	tcase_add_test(tests, value_leaves_the_digest_unchanged);
	tcase_add_test(tests, value_is_the_same_at_any_alignment);
	tcase_add_test(tests, add_zeros_adds_zero_bytes);
	tcase_add_test(tests, value_is_right_beyond_4_gigabytes);
	tcase_add_test(tests, agrees_with_xxh64sum);
	suite_add_tcase(suite, tests);
	return suite;
}
