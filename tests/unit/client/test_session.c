/* SPDX-License-Identifier: ISC */
/* Begin a session without memory for its buffers. */
#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/connection/session.h"
#include "tests/unit/support.h"

Suite *session_suite(void);

START_TEST(session_fails_when_memory_is_short)
{
	static char none[] = "none", path[] = "in", *paths[] = {path};
	struct options options = {.progress = none, .streams = 1};
	struct target target = {.path = path};
	struct session_limits limits = {0, IO_NEVER};
	struct session session;
	struct run run;
	struct outcome outcome;
	int ends[2], result;

	if (!support_can_limit_memory())
		return;
	ck_assert_int_eq(run_init(&run, &options, &target, paths, 1), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	support_limit_memory();
	result = session_begin(
	    &session, &run, 0, ends[0], ends[0], &limits, &outcome);
	support_restore_memory();
	session_end(&session);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(outcome.status, STATUS_MEMORY);
	close(ends[0]);
	close(ends[1]);
	run_release(&run);
}
END_TEST

Suite *
session_suite(void)
{
	Suite *suite = suite_create("session");
	TCase *tcase = support_case("session");

	tcase_set_tags(tcase, SUPPORT_LIMITS);
	tcase_add_test(tcase, session_fails_when_memory_is_short);
	suite_add_tcase(suite, tcase);
	return suite;
}
