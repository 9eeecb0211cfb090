/* SPDX-License-Identifier: ISC */
/* Make the path of the receiving directory absolute, and check it later. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/process/place.h"
#include "server/store/store.h"
#include "tests/unit/support.h"

Suite *place_suite(void);

static char here[2048];

static int
open_place(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
check_resolved(const char *directory, const char *below)
{
	char place[PLACE_PATH], wanted[PLACE_PATH];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(wanted, sizeof(wanted), "%s%s", here, below);
	place_resolve(place, directory);
	ck_assert_str_eq(place, wanted);
}

START_TEST(path_becomes_absolute)
{
	char place[PLACE_PATH];

	check_resolved(".", "");
	check_resolved("a/b", "/a/b");
	check_resolved("../c", "/../c");
	place_resolve(place, "/srv/in");
	ck_assert_str_eq(place, "/srv/in");
	ck_assert_int_eq(chdir("/"), 0);
	place_resolve(place, "in");
	ck_assert_str_eq(place, "/in");
	ck_assert_int_eq(chdir(here), 0);
}
END_TEST

START_TEST(path_stays_relative_when_the_working_directory_is_removed)
{
	char place[PLACE_PATH];

	directory_make("removed");
	ck_assert_int_eq(chdir("removed"), 0);
	ck_assert_int_eq(rmdir("../removed"), 0);
	place_resolve(place, "in");
	ck_assert_str_eq(place, "in");
	ck_assert_int_eq(chdir(".."), 0);
}
END_TEST

START_TEST(place_is_replaced_when_device_or_inode_differ)
{
	int fd;

	directory_make("in");
	fd = open_place("in");
	ck_assert_int_eq(place_check("in", fd), PLACE_SAME);
	ck_assert_int_eq(rename("in", "moved"), 0);
	ck_assert_int_eq(place_check("in", fd), PLACE_REPLACED);
	directory_make("in");
	ck_assert_int_eq(place_check("in", fd), PLACE_REPLACED);
	ck_assert_int_eq(rmdir("in"), 0);
	file_make("in", "x");
	ck_assert_int_eq(place_check("in", fd), PLACE_REPLACED);
	ck_assert_int_eq(place_check("in/below", fd), PLACE_REPLACED);
	ck_assert_int_eq(unlink("in"), 0);
	ck_assert_int_eq(symlink("in", "in"), 0);
	ck_assert_int_eq(place_check("in", fd), PLACE_REPLACED);
	ck_assert_int_eq(unlink("in"), 0);
	ck_assert_int_eq(symlink("moved", "in"), 0);
	ck_assert_int_eq(place_check("in", fd), PLACE_SAME);
	close(fd);
}
END_TEST

START_TEST(place_is_replaced_when_a_mount_covers_it)
{
	int fd;

	directory_make("in");
	fd = open_place("in");
	if (!support_mount("disk", 64))
		goto out;
	close(fd);
	directory_make("disk/in");
	fd = open_place("disk/in");
	ck_assert_int_eq(place_check("in", fd), PLACE_REPLACED);
	ck_assert_int_eq(place_check("disk/in", fd), PLACE_SAME);
out:
	close(fd);
}
END_TEST

START_TEST(place_is_unknown_when_permission_is_denied)
{
	int fd;

	directory_make("closed");
	directory_make("closed/in");
	fd = open_place("closed/in");
	ck_assert_int_eq(chmod("closed", 0), 0);
	ck_assert_int_eq(seteuid(geteuid() == 0 ? 65534 : geteuid()), 0);
	ck_assert_int_eq(place_check("closed/in", fd), PLACE_UNKNOWN);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(chmod("closed", 0700), 0);
	close(fd);
}
END_TEST

START_TEST(requests_are_refused_when_the_place_is_replaced)
{
	_Atomic uint32_t replaced = 0;
	struct store store = {.path = "/srv/in"};
	struct outcome outcome;

	ck_assert_int_eq(store_check_place(&store, &outcome), 0);
	store.replaced = &replaced;
	ck_assert_int_eq(store_check_place(&store, &outcome), 0);
	atomic_store(&replaced, 1);
	ck_assert_int_eq(store_check_place(&store, &outcome), -1);
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	ck_assert_str_eq(outcome.text,
	    "receiving directory was replaced or covered: /srv/in");
}
END_TEST

Suite *
place_suite(void)
{
	Suite *suite = suite_create("place");
	TCase *tcase = support_case("place");

	tcase_add_test(tcase, path_becomes_absolute);
	tcase_add_test(
	    tcase, path_stays_relative_when_the_working_directory_is_removed);
	tcase_add_test(tcase, place_is_replaced_when_device_or_inode_differ);
	tcase_add_test(tcase, place_is_replaced_when_a_mount_covers_it);
	tcase_add_test(tcase, place_is_unknown_when_permission_is_denied);
	tcase_add_test(tcase, requests_are_refused_when_the_place_is_replaced);
	suite_add_tcase(suite, tcase);
	return suite;
}
