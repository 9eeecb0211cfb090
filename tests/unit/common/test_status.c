/* SPDX-License-Identifier: ISC */
/* The number, text and exit status of each status; errno. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/status.h"

Suite *status_suite(void);

/* The exit statuses are those of ftx(1). */
static const struct {
	enum status status;
	int number, exit;
} expected[] = {
    {STATUS_STORED, 0, 0},
    {STATUS_WOULD_STORE, 1, 0},
    {STATUS_UNCHANGED, 2, 0},
    {STATUS_EXISTS, 3, 25},
    {STATUS_REFUSED, 4, 5},
    {STATUS_NO_SPACE, 5, 28},
    {STATUS_FAILED, 6, 11},
    {STATUS_DIGEST, 7, 12},
    {STATUS_CHANGED, 8, 24},
    {STATUS_STALLED, 9, 30},
    {STATUS_BUSY, 10, 75},
    {STATUS_DRAINING, 11, 75},
    {STATUS_PROTOCOL, 12, 2},
    {STATUS_VERSION, 13, 2},
    {STATUS_NOT_OFFERED, 14, 5},
    {STATUS_CANCELLED, 15, 24},
    {STATUS_LOST, 16, 10},
    {STATUS_UNREACHABLE, 17, 35},
    {STATUS_SOURCE, 18, 3},
    {STATUS_UNTRIED, 19, 35},
    {STATUS_MEMORY, 20, 3},
    {STATUS_FOREIGN, 21, 2},
};

#define COUNT (sizeof expected / sizeof *expected)

START_TEST(each_status_has_its_number_text_and_exit_status)
{
	for (size_t i = 0; i < COUNT; i++) {
		enum status status = expected[i].status;

		ck_assert_int_eq((int)status, expected[i].number);
		ck_assert_int_eq(status_exit(status), expected[i].exit);
		ck_assert_ptr_nonnull(status_text(status));
		ck_assert_str_ne(status_text(status), "");
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(status_text(status),
			    status_text(expected[k].status));
	}
	ck_assert_int_eq(STATUS_WIRE, STATUS_CANCELLED + 1);
	ck_assert_str_eq(status_text(STATUS_NO_SPACE), "no space");
}
END_TEST

START_TEST(success_exits_with_0)
{
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_int_eq(status_success(expected[i].status) != 0,
		    expected[i].exit == 0);
}
END_TEST

START_TEST(each_errno_has_a_status)
{
	static const struct {
		int error;
		enum status status;
	} meanings[] = {
	    {ENOSPC, STATUS_NO_SPACE},
	    {EDQUOT, STATUS_NO_SPACE},
	    {EFBIG, STATUS_NO_SPACE},
	    {EEXIST, STATUS_EXISTS},
	    {EACCES, STATUS_REFUSED},
	    {EPERM, STATUS_REFUSED},
	    {ELOOP, STATUS_REFUSED},
	    {ENOTDIR, STATUS_REFUSED},
	    {EISDIR, STATUS_REFUSED},
	    {ENAMETOOLONG, STATUS_REFUSED},
	    {EXDEV, STATUS_REFUSED},
	    {EINVAL, STATUS_REFUSED},
	    {EILSEQ, STATUS_REFUSED},
	    {EMLINK, STATUS_REFUSED},
	    {ENXIO, STATUS_REFUSED},
	    {EROFS, STATUS_FAILED},
	    {EIO, STATUS_FAILED},
	    {ENOMEM, STATUS_FAILED},
	    {EMFILE, STATUS_FAILED},
	    {ENFILE, STATUS_FAILED},
	    {ENOENT, STATUS_FAILED},
	    {0, STATUS_FAILED},
	    {-1, STATUS_FAILED},
	};

	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		ck_assert_int_eq((int)status_of_errno(meanings[i].error),
		    (int)meanings[i].status);
}
END_TEST

START_TEST(text_is_cut_when_it_is_too_long)
{
	struct outcome outcome;
	char text[STATUS_TEXT + 1];

	for (int size = STATUS_TEXT - 2; size <= STATUS_TEXT; size++) {
		memset(text, 'x', sizeof text);
		text[size] = '\0';
		outcome_set(&outcome, STATUS_BUSY, "%s", text);
		ck_assert_int_eq((int)outcome.status, STATUS_BUSY);
		ck_assert_uint_eq(strlen(outcome.text),
		    size < STATUS_TEXT ? (size_t)size : STATUS_TEXT - 1);
	}
	outcome_set(&outcome, STATUS_STORED, "%s", "");
	ck_assert_str_eq(outcome.text, "");
}
END_TEST

START_TEST(errno_is_reported_with_its_context)
{
	struct outcome outcome;
	char wanted[256];

	outcome_set_errno(&outcome, ENOSPC, "write");
	snprintf(wanted, sizeof wanted, "write: %s", strerror(ENOSPC));
	ck_assert_str_eq(outcome.text, wanted);
	ck_assert_int_eq((int)outcome.status, STATUS_NO_SPACE);
}
END_TEST

Suite *
status_suite(void)
{
	Suite *suite = suite_create("status");
	TCase *tests = tcase_create("status");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_status_has_its_number_text_and_exit_status);
	tcase_add_test(tests, success_exits_with_0);
	tcase_add_test(tests, each_errno_has_a_status);
	tcase_add_test(tests, text_is_cut_when_it_is_too_long);
	tcase_add_test(tests, errno_is_reported_with_its_context);
	suite_add_tcase(suite, tests);
	return suite;
}
