/* SPDX-License-Identifier: ISC */
/* The exit status of a run. */
#include <check.h>
#include <stdlib.h>

#include "client/run/tally.h"

Suite *tally_suite(void);

/* Ends the list of files.  In ended: nothing ended the run early. */
#define END (-1)

static const struct tally_case {
	int files[4], ended, skipped, status;
} cases[] = {
    {{END}, END, 0, 0},
    {{STATUS_STORED, END}, END, 0, 0},
    {{STATUS_WOULD_STORE, STATUS_UNCHANGED, END}, END, 0, 0},
    /* All files have the same exit status. */
    {{STATUS_EXISTS, END}, END, 0, 25},
    {{STATUS_EXISTS, STATUS_EXISTS, END}, END, 0, 25},
    {{STATUS_REFUSED, STATUS_NOT_OFFERED, END}, END, 0, 5},
    {{STATUS_NO_SPACE, END}, END, 0, 28},
    {{STATUS_FAILED, END}, END, 0, 11},
    {{STATUS_DIGEST, END}, END, 0, 12},
    {{STATUS_CHANGED, END}, END, 0, 24},
    {{STATUS_SOURCE, STATUS_SOURCE, END}, END, 0, 3},
    /* Exit statuses differ, or some files were stored. */
    {{STATUS_EXISTS, STATUS_REFUSED, END}, END, 0, 23},
    {{STATUS_STORED, STATUS_EXISTS, END}, END, 0, 23},
    {{STATUS_EXISTS, STATUS_STORED, END}, END, 0, 23},
    {{STATUS_SOURCE, STATUS_STORED, END}, END, 0, 23},
    {{STATUS_SOURCE, STATUS_NO_SPACE, END}, END, 0, 23},
    /* Skipped sources count only if there is no other result. */
    {{END}, END, 1, 3},
    {{STATUS_STORED, END}, END, 1, 0},
    {{STATUS_EXISTS, END}, END, 1, 25},
    {{STATUS_SOURCE, END}, END, 1, 3},
    /* A status of the connection ended the run early. */
    {{END}, STATUS_PROTOCOL, 0, 2},
    {{END}, STATUS_VERSION, 0, 2},
    {{STATUS_STORED, END}, STATUS_LOST, 0, 10},
    {{STATUS_EXISTS, END}, STATUS_STALLED, 0, 30},
    {{END}, STATUS_UNREACHABLE, 0, 35},
    {{STATUS_STORED, STATUS_EXISTS, END}, STATUS_BUSY, 0, 75},
    {{END}, STATUS_DRAINING, 1, 75},
    /* Another status that ended the run counts as the result of a file. */
    {{END}, STATUS_REFUSED, 0, 5},
    {{STATUS_REFUSED, END}, STATUS_REFUSED, 0, 5},
    {{STATUS_STORED, END}, STATUS_REFUSED, 0, 23},
    {{STATUS_EXISTS, END}, STATUS_REFUSED, 0, 23},
    {{END}, STATUS_NO_SPACE, 0, 28},
    {{END}, STATUS_UNTRIED, 0, 35},
    {{END}, STATUS_MEMORY, 0, 3},
    {{STATUS_STORED, END}, STATUS_MEMORY, 0, 23},
};

START_TEST(exit_status_follows_from_the_results)
{
	const struct tally_case *one = &cases[_i];
	struct tally tally = {0};

	for (int i = 0; one->files[i] != END; i++)
		tally_count(&tally, (enum status)one->files[i]);
	tally.skipped += (uint64_t)one->skipped;
	if (one->ended != END)
		tally_end(&tally, (enum status)one->ended);
	ck_assert_int_eq(tally_exit(&tally), one->status);
}
END_TEST

Suite *
tally_suite(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = tcase_create("tally");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, exit_status_follows_from_the_results, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
