/* SPDX-License-Identifier: ISC */
/* The system tests, which run the real programs. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/harness.h"
#include "tests/system/suites.h"

/* How many suites run at the same time.  They wait most of the time. */
#define TOGETHER 8

typedef Suite *suite_maker(void);

/* The longest suites come first, so that none runs alone at the end. */
static suite_maker *const together[] = {crash_suite, starved_suite,
    reload_suite, life_suite, impostor_suite, streams_suite, command_suite,
    show_suite, stalls_suite, limits_suite, partials_suite, processes_suite,
    faults_suite, blocked_suite, stdin_suite, faults_service_suite,
    unchanged_suite, races_suite, flood_suite, faults_client_suite,
    crash_staging_suite, cuts_suite, tree_suite, underneath_suite, exits_suite,
    filesystems_suite, events_suite, restart_suite, space_suite, soak_suite,
    faults_again_suite, disks_suite, slow_disk_suite, numbers_suite,
    faults_master_suite, hostile_suite, removing_suite, lookups_suite,
    launch_suite, proof_suite, sparse_suite, tree_place_suite, put_suite,
    resume_suite, messages_suite, ssh_suite, tls_suite, inetd_suite,
    values_suite, target_suite, raw_suite, states_suite, completion_suite,
    examples_suite, sandbox_suite, privileges_suite, shortage_suite,
    usage_suite, hopeless_suite, clock_suite, cable_suite, scoreboard_suite,
    versions_suite, durable_suite, syslogd_suite, chaos_suite, hosts_suite,
    place_suite, odd_names_suite, odd_times_suite, NULL};

/* These suites measure time closely: each runs alone. */
static suite_maker *const alone[] = {rate_suite, latency_suite, order_suite,
    crowd_suite, refuse_suite, busy_suite, NULL};

/* A process that runs one suite, and the output of that suite. */
struct share {
	pid_t pid; /* 0: none */
	FILE *output;
};

static struct share shares[TOGETHER];

/* Returns how many tests failed. */
static int
run(SRunner *runner)
{
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}

/* Run all suites in this process, for a debugger. */
static int
run_here(void)
{
	SRunner *runner = srunner_create(NULL);

	for (size_t i = 0; together[i] != NULL; i++)
		srunner_add_suite(runner, together[i]());
	for (size_t i = 0; alone[i] != NULL; i++)
		srunner_add_suite(runner, alone[i]());
	return run(runner);
}

/* Returns 0, or -1 with errno. */
static int
share_start(struct share *share, suite_maker *make)
{
	share->output = tmpfile();
	if (share->output == NULL ||
	    io_close_on_exec(fileno(share->output)) != 0)
		return -1;
	fflush(stdout);
	share->pid = fork();
	if (share->pid != 0)
		return share->pid > 0 ? 0 : -1;
	if (dup2(fileno(share->output), 1) < 0 ||
	    dup2(fileno(share->output), 2) < 0)
		exit(EXIT_FAILURE);
	exit(run(srunner_create(make())) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void
share_print(struct share *share)
{
	char text[4096];
	size_t count;

	rewind(share->output);
	while ((count = fread(text, 1, sizeof(text), share->output)) > 0)
		fwrite(text, 1, count, stdout);
	fflush(stdout);
	fclose(share->output);
}

/* Wait for a suite to end.  Returns 0 if its tests passed, -1 if not. */
static int
share_finish(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	for (size_t i = 0; pid > 0 && i < TOGETHER; i++)
		if (shares[i].pid == pid) {
			share_print(&shares[i]);
			shares[i].pid = 0;
			if (WIFSIGNALED(status))
				printf("system: a suite was ended by %s\n",
				    strsignal(WTERMSIG(status)));
			return status == 0 ? 0 : -1;
		}
	perror("system: waitpid");
	return -1;
}

/* Run at most limit at a time.  Returns 0, or -1 if anything failed. */
static int
run_shares(suite_maker *const makers[], size_t limit)
{
	size_t running = 0;
	int failed = 0;

	while (*makers != NULL || running > 0) {
		size_t free_share = 0;

		if (*makers == NULL || running == limit) {
			failed |= share_finish();
			running--;
			continue;
		}
		while (shares[free_share].pid != 0)
			free_share++;
		if (share_start(&shares[free_share], *makers++) == 0) {
			running++;
			continue;
		}
		perror("system: a suite cannot be started");
		failed = -1;
	}
	return failed;
}

int
main(void)
{
	int failed;

	if (harness_open() != 0)
		return 2;
	if (getenv("CK_RUN_SUITE") != NULL)
		failed = run_here();
	else {
		failed = run_shares(together, TOGETHER);
		failed |= run_shares(alone, 1);
	}
	harness_close(failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
