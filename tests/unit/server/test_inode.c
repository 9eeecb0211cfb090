/* SPDX-License-Identifier: ISC */
/* Check whether a name refers to an open file. */
#include "server/shared/inode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/support.h"

Suite *inode_suite(void);

static int fd;

static void
setup(void)
{
	file_make("a", "text");
	fd = open("a", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
}

static void
teardown(void)
{
	close(fd);
}

static int
has_name(const char *name, int flags)
{
	struct stat status;
	int result = inode_has_name(fd, AT_FDCWD, name, flags, &status);

	if (result != -1)
		ck_assert_int_eq(status.st_size, 4);
	return result;
}

START_TEST(name_matches_until_file_is_replaced)
{
	ck_assert_int_eq(has_name("a", 0), 1);
	ck_assert_int_eq(rename("a", "b"), 0);
	ck_assert_int_eq(has_name("b", 0), 1);
	ck_assert_int_eq(has_name("a", 0), -1);
	ck_assert_int_eq(errno, ENOENT);
	file_make("a", "another");
	ck_assert_int_eq(has_name("a", 0), 0);
}
END_TEST

START_TEST(symbolic_link_matches_when_followed)
{
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(has_name("link", 0), 1);
	ck_assert_int_eq(has_name("link", AT_SYMLINK_NOFOLLOW), 0);
}
END_TEST

Suite *
inode_suite(void)
{
	Suite *suite = suite_create("inode");
	TCase *tcase = support_case("inode");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, name_matches_until_file_is_replaced);
	tcase_add_test(tcase, symbolic_link_matches_when_followed);
	suite_add_tcase(suite, tcase);
	return suite;
}
