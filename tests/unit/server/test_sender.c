/* SPDX-License-Identifier: ISC */
/* The number of a sender, and the secret that hides its address. */
#include "server/store/sender.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

Suite *sender_suite(void);

static struct store store;

static void
set_up(void)
{
	inbox_open(&store);
}

static uint64_t
number_of(const char *text)
{
	struct address_ip ip = {.port = 0};

	ck_assert_int_eq(inet_pton(AF_INET6, text, ip.bytes), 1);
	return sender_of(&store, &ip);
}

START_TEST(number_depends_on_the_host)
{
	sender_learn_secret(&store);
	ck_assert_uint_eq(
	    number_of("::ffff:192.0.2.1"), number_of("::ffff:192.0.2.1"));
	ck_assert_uint_ne(
	    number_of("::ffff:192.0.2.1"), number_of("::ffff:192.0.2.2"));
	ck_assert_uint_eq(
	    number_of("2001:db8::1"), number_of("2001:db8::ff:2"));
	ck_assert_uint_ne(
	    number_of("2001:db8::1"), number_of("2001:db8:0:1::1"));
	ck_assert_uint_ne(number_of("::"), number_of("::ffff:0.0.0.0"));
	store_close(&store);
}
END_TEST

START_TEST(secret_is_saved_with_mode_0600)
{
	struct store again = store;
	char path[2 * STAGING_NAME];

	sender_learn_secret(&store);
	snprintf(path, sizeof(path), "%s/%s", inbox_staging(), SENDER_SECRET);
	ck_assert_uint_eq(file_mode(path), S_IFREG | 0600);
	sender_learn_secret(&again);
	ck_assert_mem_eq(store.secret, again.secret, STORE_SECRET);
	/* If the file is missing, the server makes a new secret. */
	ck_assert_int_eq(unlink(path), 0);
	sender_learn_secret(&again);
	ck_assert_mem_ne(store.secret, again.secret, STORE_SECRET);
	store_close(&store);
}
END_TEST

/* A server that dies while it writes the secret leaves a short file. */
START_TEST(short_secret_is_replaced)
{
	struct store again = store;
	int fd = openat(store.staging, SENDER_SECRET, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "half", 4), 4);
	close(fd);
	sender_learn_secret(&store);
	sender_learn_secret(&again);
	ck_assert_mem_eq(store.secret, again.secret, STORE_SECRET);
	store_close(&store);
}
END_TEST

#define SERVERS 8

START_TEST(servers_that_start_together_share_the_secret)
{
	uint8_t secrets[SERVERS][STORE_SECRET];
	int ends[2], status;

	ck_assert_int_eq(pipe(ends), 0);
	for (int i = 0; i < SERVERS; i++)
		if (fork() == 0) {
			sender_learn_secret(&store);
			_exit(write(ends[1], store.secret, STORE_SECRET) ==
				    STORE_SECRET
				? 0
				: 1);
		}
	for (int i = 0; i < SERVERS; i++) {
		ck_assert_int_eq(
		    read(ends[0], secrets[i], STORE_SECRET), STORE_SECRET);
		ck_assert_mem_eq(secrets[i], secrets[0], STORE_SECRET);
	}
	for (int i = 0; i < SERVERS; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	close(ends[0]);
	close(ends[1]);
	store_close(&store);
}
END_TEST

/* If a link has its name, the server does not save the secret. */
START_TEST(secret_is_not_written_through_symbolic_link)
{
	static const uint8_t nothing[STORE_SECRET];

	ck_assert_int_eq(
	    symlinkat("../victim", store.staging, SENDER_SECRET), 0);
	sender_learn_secret(&store);
	ck_assert_mem_ne(store.secret, nothing, STORE_SECRET);
	ck_assert(!file_exists("in/victim"));
	store_close(&store);
}
END_TEST

Suite *
sender_suite(void)
{
	Suite *suite = suite_create("sender");
	TCase *tcase = support_case("sender");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, number_depends_on_the_host);
	tcase_add_test(tcase, secret_is_saved_with_mode_0600);
	tcase_add_test(tcase, short_secret_is_replaced);
	tcase_add_test(tcase, servers_that_start_together_share_the_secret);
	tcase_add_test(tcase, secret_is_not_written_through_symbolic_link);
	suite_add_tcase(suite, tcase);
	return suite;
}
