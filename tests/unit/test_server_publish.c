/* SPDX-License-Identifier: ISC */
/* From the staging folder to the final name: attributes, publishing, space. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "tests/unit/inbox.h"

Suite *server_publish_suite(void);

/* Publish such a file as in/name. */
static int
publish(const struct store *store, const char *name, int no_clobber)
{
	struct staged staged;
	int result, error;

	inbox_stage(store, &staged, "new");
	result = store_publish(store, &staged, store->root, name, no_clobber);
	error = errno;
	ck_assert_int_ge(fcntl(staged.fd, F_GETFD), 0);
	if (result == 0)
		ck_assert_int_eq(store_finish(&staged), 0);
	else
		store_discard(store, &staged);
	errno = error;
	return result;
}

START_TEST(publish_replaces_what_bears_the_name)
{
	struct store store;

	inbox_open(&store);
	ck_assert_int_eq(publish(&store, "fresh", 0), 0);
	file_expect_text("in/fresh", "new");
	file_make("in/old", "old");
	ck_assert_int_eq(link("in/old", "other"), 0);
	ck_assert_int_eq(publish(&store, "old", 0), 0);
	file_expect_text("in/old", "new");
	file_expect_text("other", "old");
	file_make("victim", "victim");
	ck_assert_int_eq(symlink("../victim", "in/link"), 0);
	ck_assert_int_eq(publish(&store, "link", 0), 0);
	file_expect_text("in/link", "new");
	file_expect_text("victim", "victim");
	folder_make("in/folder");
	ck_assert_int_eq(publish(&store, "folder", 0), -1);
	ck_assert(S_ISDIR(file_mode("in/folder")));
	inbox_close(&store);
}
END_TEST

START_TEST(publish_without_clobbering)
{
	struct store store;

	inbox_open(&store);
	ck_assert_int_eq(publish(&store, "fresh", 1), 0);
	file_expect_text("in/fresh", "new");
	file_make("in/old", "old");
	ck_assert_int_eq(publish(&store, "old", 1), -1);
	ck_assert_int_eq(errno, EEXIST);
	file_expect_text("in/old", "old");
	ck_assert_int_eq(symlink("nowhere", "in/link"), 0);
	ck_assert_int_eq(publish(&store, "link", 1), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert(S_ISLNK(file_mode("in/link")));
	ck_assert(!file_exists("in/nowhere"));
	inbox_close(&store);
}
END_TEST

/* What a file looks like that such a request has brought. */
static struct stat
attributes(
    const struct store *store, const struct wire_request *request, gid_t group)
{
	struct staged staged;
	struct stat found;

	inbox_stage(store, &staged, "x");
	ck_assert_int_eq(
	    store_set_attributes(store, &staged, request, group), 0);
	ck_assert_int_eq(fstat(staged.fd, &found), 0);
	store_discard(store, &staged);
	return found;
}

START_TEST(modes_are_masked)
{
	static const struct {
		unsigned attributes;
		mode_t mode, mask, exact_mask, expected;
	} cases[] = {
	    {0, 0777, 022, 0, 0755},
	    {0, 0666, 0, 077, 0666},
	    {WIRE_EXACT_MODE, 0777, 022, 0, 0777},
	    {WIRE_EXACT_MODE, 0777, 0, 027, 0750},
	    {WIRE_EXACT_MODE, 0, 0, 0, 0},
	    {WIRE_EXACT_MODE, 07755, 0, 0, 0755},
	    {0, 06711, 0, 0, 0711},
	};
	struct store store;

	umask(077);
	inbox_open(&store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct wire_request request = {
		    .attributes = cases[i].attributes, .mode = cases[i].mode};

		store.mask = cases[i].mask;
		store.exact_mask = cases[i].exact_mask;
		ck_assert_uint_eq(
		    attributes(&store, &request, STORE_NO_GROUP).st_mode &
			07777,
		    cases[i].expected);
	}
	inbox_close(&store);
}
END_TEST

START_TEST(times_are_set_where_wished)
{
	struct wire_request request = {
	    .mode = 0644, .seconds = 1000000000, .nanoseconds = 123456789};
	struct store store;
	struct stat found;

	inbox_open(&store);
	found = attributes(&store, &request, STORE_NO_GROUP);
	ck_assert_int_gt(found.st_mtim.tv_sec, 1500000000);
	request.attributes = WIRE_TIME;
	found = attributes(&store, &request, STORE_NO_GROUP);
	ck_assert_int_eq(found.st_mtim.tv_sec, 1000000000);
	ck_assert_int_eq(found.st_mtim.tv_nsec, 123456789);
	ck_assert_int_gt(found.st_atim.tv_sec, 1500000000);
	request.seconds = -86400;
	found = attributes(&store, &request, STORE_NO_GROUP);
	ck_assert_int_eq(found.st_mtim.tv_sec, -86400);
	inbox_close(&store);
}
END_TEST

START_TEST(group_follows_where_it_can)
{
	const struct wire_request request = {.mode = 0640};
	gid_t group = geteuid() == 0 ? 4711 : getegid();
	struct store store;
	struct stat found;

	inbox_open(&store);
	found = attributes(&store, &request, group);
	ck_assert_uint_eq(found.st_gid, group);
	ck_assert_uint_eq(found.st_mode & 07777, 0640);
	if (geteuid() != 0) /* Not ours to give, which is no failure. */
		(void)attributes(&store, &request, 0);
	found = attributes(&store, &request, STORE_NO_GROUP);
	ck_assert_uint_eq(found.st_gid, getegid());
	inbox_close(&store);
}
END_TEST

/* So many bytes must fit exactly, and one more must not. */
static void
expect_room(const struct store *store, uint64_t most)
{
	struct outcome outcome;

	ck_assert_int_eq(store_check_space(store, most - 1, &outcome), 0);
	ck_assert_int_eq(store_check_space(store, most, &outcome), 0);
	ck_assert_int_eq(store_check_space(store, most + 1, &outcome), -1);
	ck_assert_int_eq(outcome.status, STATUS_NO_SPACE);
	ck_assert_ptr_nonnull(strstr(outcome.text, strerror(ENOSPC)));
}

START_TEST(space_that_must_stay_free_does)
{
	struct store store = {.root = -1};
	struct outcome outcome;
	struct statvfs system;
	uint64_t available;

	if (!support_mount("mounted", 4096))
		return;
	ck_assert_int_eq(store_open(&store, "mounted", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	ck_assert_int_eq(fstatvfs(store.root, &system), 0);
	available = (uint64_t)system.f_bavail * system.f_frsize;
	expect_room(&store, available);
	store.free_bytes = available - 1000;
	expect_room(&store, 1000);
	store.free_bytes = available;
	ck_assert_int_eq(store_check_space(&store, 0, &outcome), 0);
	store.free_bytes = available + 1;
	ck_assert_int_eq(store_check_space(&store, 0, &outcome), -1);
	ck_assert_int_eq(
	    store_check_space(&store, UINT64_MAX - 1, &outcome), -1);
	/* The larger of both counts; percents are rounded somehow. */
	store.free_percent = 50;
	store.free_bytes = 1;
	ck_assert_int_eq(
	    store_check_space(&store, available / 100 * 48, &outcome), 0);
	ck_assert_int_eq(
	    store_check_space(&store, available / 100 * 52, &outcome), -1);
	store_close(&store);
}
END_TEST

Suite *
server_publish_suite(void)
{
	Suite *suite = suite_create("server_publish");
	TCase *tcase = support_case("publish");

	tcase_add_test(tcase, publish_replaces_what_bears_the_name);
	tcase_add_test(tcase, publish_without_clobbering);
	tcase_add_test(tcase, modes_are_masked);
	tcase_add_test(tcase, times_are_set_where_wished);
	tcase_add_test(tcase, group_follows_where_it_can);
	tcase_add_test(tcase, space_that_must_stay_free_does);
	suite_add_tcase(suite, tcase);
	return suite;
}
