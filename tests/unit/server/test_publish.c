/* SPDX-License-Identifier: ISC */
/* Give a staged file its attributes and its final name. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/publish.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

Suite *publish_suite(void);

/* Ways to publish without replacing: a link, and a rename on Linux. */
#ifdef OS_LINUX
#define WAYS 2
#else
#define WAYS 1
#endif

/* Publish a staged file as in/name. */
static int
publish(const struct store *store, const char *name, int no_clobber)
{
	struct staging_file staged;
	int result, error;

	inbox_stage(store, &staged, "new");
	result = publish_file(store, &staged, store->root, name, no_clobber);
	error = errno;
	ck_assert_int_ge(fcntl(staged.fd, F_GETFD), 0);
	if (result == 0)
		ck_assert_int_eq(staging_close(&staged), 0);
	else
		staging_discard(store, &staged);
	errno = error;
	return result;
}

START_TEST(publish_replaces_an_existing_file)
{
	struct store store;

	inbox_open(&store);
	ck_assert_int_eq(publish(&store, "absent", 0), 0);
	file_expect_text("in/absent", "new");
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
	directory_make("in/directory");
	ck_assert_int_eq(publish(&store, "directory", 0), -1);
	ck_assert(S_ISDIR(file_mode("in/directory")));
	inbox_close(&store);
}
END_TEST

/* Publish as learned for this file system (_i 0), and by a rename (_i 1). */
START_TEST(publish_keeps_an_existing_file_when_clobbering_is_forbidden)
{
	struct store store;

	inbox_open(&store);
	if (_i == 1)
		store.system.new_names = NEW_BY_RENAME;
	ck_assert_int_eq(publish(&store, "absent", 1), 0);
	file_expect_text("in/absent", "new");
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

/* Returns the status of a file that has the attributes of request. */
static struct stat
attributes(
    const struct store *store, const struct wire_request *request, gid_t group)
{
	struct staging_file staged;
	struct stat found;

	inbox_stage(store, &staged, "x");
	ck_assert_int_eq(
	    publish_set_attributes(store, &staged, request, group), 0);
	ck_assert_int_eq(fstat(staged.fd, &found), 0);
	staging_discard(store, &staged);
	return found;
}

START_TEST(mode_is_masked_when_published)
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

START_TEST(time_is_set_when_requested)
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

START_TEST(group_is_inherited_when_possible)
{
	const struct wire_request request = {.mode = 0640};
	gid_t group = geteuid() == 0 ? 4711 : getegid();
	struct store store;
	struct stat found;

	inbox_open(&store);
	found = attributes(&store, &request, group);
	ck_assert_uint_eq(found.st_gid, group);
	ck_assert_uint_eq(found.st_mode & 07777, 0640);
	if (geteuid() != 0) /* A group that cannot be set is no failure. */
		(void)attributes(&store, &request, 0);
	found = attributes(&store, &request, STORE_NO_GROUP);
	ck_assert_uint_eq(found.st_gid, getegid());
	inbox_close(&store);
}
END_TEST

Suite *
publish_suite(void)
{
	Suite *suite = suite_create("publish");
	TCase *tcase = support_case("publish");

	tcase_add_test(tcase, publish_replaces_an_existing_file);
	tcase_add_loop_test(tcase,
	    publish_keeps_an_existing_file_when_clobbering_is_forbidden, 0,
	    WAYS);
	tcase_add_test(tcase, mode_is_masked_when_published);
	tcase_add_test(tcase, time_is_set_when_requested);
	tcase_add_test(tcase, group_is_inherited_when_possible);
	suite_add_tcase(suite, tcase);
	return suite;
}
