/* SPDX-License-Identifier: ISC */
/* Progress lines for terminals of any width. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/display/meter.h"

Suite *meter_suite(void);

static struct terminal terminal;

static void
begin(void)
{
	ck_assert_int_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
	terminal_init(&terminal, -1);
}

static void
end(void)
{
	terminal_release(&terminal);
}

static const struct meter big = {.state = METER_SENDING,
    .path = "d/big.iso",
    .sent = UINT64_C(2867000000),
    .total = UINT64_C(4700000000)};
static const struct meter input = {.state = METER_SENDING,
    .path = "-",
    .sent = UINT64_C(2867000000),
    .total = METER_UNKNOWN};
static const struct meter tree = {.state = METER_SENDING,
    .path = "t/photo.jpg",
    .sent = UINT64_C(2867000000),
    .total = METER_UNKNOWN,
    .several = 1,
    .done = 1234,
    .found = 5096};
static const struct meter wide = {.state = METER_SENDING,
    .path = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
	    "\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.iso",
    .sent = 0,
    .total = 1000};
static const struct meter committing = {
    .state = METER_COMMITTING, .path = "big.iso", .sent = 5, .total = 5};
static const struct meter reading = {
    .state = METER_READING, .path = "-", .sent = 1000, .total = METER_UNKNOWN};
static const struct meter comparing = {
    .state = METER_COMPARING, .path = "big.iso", .sent = 500, .total = 1000};
static const struct meter waiting = {.state = METER_WAITING,
    .host = "nas",
    .why = "connected, waiting for a free worker"};

static const struct {
	const struct meter *meter;
	uint64_t rate;
	int64_t elapsed;
	size_t columns;
	const char *line;
} cases[] = {
    {&big, 112000000, 0, 79, "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16"},
    {&big, 112000000, 0, 44, "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16"},
    {&big, 112000000, 0, 43, "big.iso  61%  2.9/4.7 GB  eta 0:16"},
    {&big, 112000000, 0, 34, "big.iso  61%  2.9/4.7 GB  eta 0:16"},
    {&big, 112000000, 0, 33, "big.iso  61%  eta 0:16"},
    {&big, 112000000, 0, 21, "big.iso  61%"},
    {&big, 112000000, 0, 12, "big.iso  61%"},
    {&big, 112000000, 0, 11, "...iso  61%"},
    {&big, 112000000, 0, 5, "61%"},
    {&big, 112000000, 0, 3, "61%"},
    {&big, 112000000, 0, 2, ""},
    {&big, 112000000, 0, 0, ""},
    {&big, 1, 0, 79, "big.iso  61%  2.9/4.7 GB  1 B/s  eta long"},
    /* The rate is 0: nothing was sent yet. */
    {&big, 0, 0, 79, "big.iso  61%  2.9/4.7 GB"},
    {&input, 112000000, 0, 79, "-  2.9 GB  112 MB/s"},
    {&input, 112000000, 0, 18, "-  2.9 GB"},
    {&tree, 5000, 0, 79, "photo.jpg  1,234/5,096+ files  2.9 GB  5.0 kB/s"},
    {&tree, 5000, 0, 39, "photo.jpg  1,234/5,096+ files  2.9 GB"},
    {&tree, 5000, 0, 30, "photo.jpg  1,234/5,096+ files"},
    {&tree, 5000, 0, 24, ".jpg  1,234/5,096+ files"},
    {&wide, 0, 0, 40,
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
	"\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.iso"
	"  0%  0 B/1.0 kB"},
    {&wide, 0, 0, 34,
	"...\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5"
	"\xe6\x9c\xac\xe8\xaa\x9e.iso  0%  0 B/1.0 kB"},
    {&committing, 9, 999, 79, "big.iso  100%  committing"},
    {&committing, 9, 7000, 79, "big.iso  100%  committing (0:07)"},
    {&committing, 9, 7000, 20, "committing (0:07)"},
    {&reading, 9, 61000, 79, "-  1.0 kB  waiting for input (1:01)"},
    {&comparing, 9, 0, 79, "big.iso  50%  500 B/1.0 kB  comparing"},
    {&waiting, 0, 7000, 79,
	"ftx: nas: connected, waiting for a free worker (0:07)"},
    {&waiting, 0, 7000, 53,
	"ftx: nas: connected, waiting for a free worker (0:07)"},
    {&waiting, 0, 7000, 52, "connected, waiting for a free worker (0:07)"},
    {&waiting, 0, 7000, 42, "waiting for a free worker (0:07)"},
    {&waiting, 0, 7000, 10, "... (0:07)"},
};

START_TEST(line_fits_columns)
{
	struct meter meter = *cases[_i].meter;
	char line[METER_LINE];

	meter.rate = cases[_i].rate;
	meter.elapsed = cases[_i].elapsed;
	ck_assert_str_eq(meter_line(line, &meter, &terminal, cases[_i].columns),
	    cases[_i].line);
}
END_TEST

/* The longest texts are escaped and cut, too. */
START_TEST(line_fits_when_numbers_are_largest)
{
	char path[300], host[200], line[METER_LINE];
	struct meter meter = {.path = path,
	    .host = host,
	    .why = "closed before it greeted, trying again",
	    .done = UINT64_MAX,
	    .found = UINT64_MAX,
	    .carried = UINT64_MAX,
	    .rate = UINT64_MAX,
	    .elapsed = INT64_MAX};

	memset(path, '\x1b', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	for (int state = METER_WAITING; state <= METER_COMMITTING; state++)
		for (int form = 0; form < 4; form++)
			for (size_t columns = 0; columns < 200; columns++) {
				meter.state = (enum meter_state)state;
				meter.several = form % 2;
				meter.total =
				    form / 2 ? METER_UNKNOWN : UINT64_MAX - 1;
				meter.sent = UINT64_MAX - 2;
				meter_line(line, &meter, &terminal, columns);
				ck_assert_uint_le(strlen(line), columns);
				ck_assert_ptr_null(strchr(line, '\x1b'));
			}
	meter_line(line, &meter, &terminal, METER_LINE);
	ck_assert_uint_lt(strlen(line), METER_LINE);
}
END_TEST

START_TEST(percent_is_rounded_down)
{
	ck_assert_int_eq(meter_percent(0, 0), 100);
	ck_assert_int_eq(meter_percent(0, 1), 0);
	ck_assert_int_eq(meter_percent(199, 200), 99);
	ck_assert_int_eq(meter_percent(200, 200), 100);
	ck_assert_int_eq(meter_percent(UINT64_MAX / 2, UINT64_MAX), 49);
}
END_TEST

START_TEST(rate_is_per_second)
{
	ck_assert_uint_eq(meter_rate(1000, 1000), 1000);
	ck_assert_uint_eq(meter_rate(1, 10), 100);
	ck_assert_uint_eq(meter_rate(5, 0), 5000);
	ck_assert_uint_eq(meter_rate(5, -7), 5000);
	ck_assert_uint_eq(
	    meter_rate(UINT64_MAX, 1000), UINT64_MAX / 1000 * 1000);
}
END_TEST

START_TEST(clock_has_minutes_and_seconds)
{
	char clock[METER_CLOCK];

	ck_assert_str_eq(meter_clock(clock, -1), "0:00");
	ck_assert_str_eq(meter_clock(clock, 7999), "0:07");
	ck_assert_str_eq(meter_clock(clock, 59 * 60000 + 59000), "59:59");
	ck_assert_str_eq(meter_clock(clock, 3600000 + 127000), "1:02:07");
	meter_clock(clock, INT64_MAX);
	ck_assert_uint_lt(strlen(clock), sizeof(clock));
}
END_TEST

START_TEST(count_has_commas)
{
	char count[METER_COUNT];

	ck_assert_str_eq(meter_count(count, 0), "0");
	ck_assert_str_eq(meter_count(count, 999), "999");
	ck_assert_str_eq(meter_count(count, 1000), "1,000");
	ck_assert_str_eq(meter_count(count, 123456789), "123,456,789");
	ck_assert_str_eq(
	    meter_count(count, UINT64_MAX), "18,446,744,073,709,551,615");
}
END_TEST

Suite *
meter_suite(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = tcase_create("meter");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(tcase, line_fits_columns, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, line_fits_when_numbers_are_largest);
	tcase_add_test(tcase, percent_is_rounded_down);
	tcase_add_test(tcase, rate_is_per_second);
	tcase_add_test(tcase, clock_has_minutes_and_seconds);
	tcase_add_test(tcase, count_has_commas);
	suite_add_tcase(suite, tcase);
	return suite;
}
