/* SPDX-License-Identifier: ISC */
/* The system tests: the real programs, started, used, mistreated and ended. */
#include <check.h>
#include <stdlib.h>

#include "tests/system/harness.h"
#include "tests/system/suites.h"

int
main(void)
{
	SRunner *runner;
	int failed;

	if (harness_open() != 0)
		return 2;
	runner = srunner_create(put_suite());
	srunner_add_suite(runner, target_suite());
	srunner_add_suite(runner, refuse_suite());
	srunner_add_suite(runner, limits_suite());
	srunner_add_suite(runner, usage_suite());
	srunner_add_suite(runner, life_suite());
	srunner_add_suite(runner, reload_suite());
	srunner_add_suite(runner, crowd_suite());
	srunner_add_suite(runner, order_suite());
	srunner_add_suite(runner, latency_suite());
	srunner_add_suite(runner, raw_suite());
	srunner_add_suite(runner, states_suite());
	srunner_add_suite(runner, values_suite());
	srunner_add_suite(runner, command_suite());
	srunner_add_suite(runner, inetd_suite());
	srunner_add_suite(runner, rate_suite());
	srunner_add_suite(runner, ssh_suite());
	srunner_add_suite(runner, tls_suite());
	srunner_add_suite(runner, words_suite());
	srunner_add_suite(runner, tree_place_suite());
	srunner_add_suite(runner, tree_suite());
	srunner_add_suite(runner, stdin_suite());
	srunner_add_suite(runner, resume_suite());
	srunner_add_suite(runner, streams_suite());
	srunner_add_suite(runner, sparse_suite());
	srunner_add_suite(runner, unchanged_suite());
	srunner_add_suite(runner, cuts_suite());
	srunner_add_suite(runner, restart_suite());
	srunner_add_suite(runner, exits_suite());
	srunner_add_suite(runner, show_suite());
	srunner_add_suite(runner, events_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	harness_close(failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
