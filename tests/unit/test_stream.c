/* SPDX-License-Identifier: ISC */
/* A connection for which there is no memory. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/stream.h"
#include "tests/unit/support.h"

Suite *stream_suite(void);

START_TEST(no_memory)
{
	static char none[] = "none", path[] = "in", *paths[] = {path};
	struct options options = {.progress = none, .streams = 1};
	struct target target = {.path = path};
	struct stream_limits limits = {0, IO_NEVER};
	struct stream stream;
	struct transfer transfer;
	struct outcome outcome;
	int ends[2], result;

	if (!support_can_starve())
		return;
	ck_assert_int_eq(
	    transfer_init(&transfer, &options, &target, paths, 1), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	support_starve();
	result = stream_begin(
	    &stream, &transfer, 0, ends[0], ends[0], &limits, &outcome);
	support_feed();
	stream_end(&stream);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(outcome.status, STATUS_MEMORY);
	close(ends[0]);
	close(ends[1]);
	transfer_release(&transfer);
}
END_TEST

Suite *
stream_suite(void)
{
	Suite *suite = suite_create("stream");
	TCase *tcase = support_case("stream");

	tcase_set_tags(tcase, SUPPORT_LIMITS);
	tcase_add_test(tcase, no_memory);
	suite_add_tcase(suite, tcase);
	return suite;
}
