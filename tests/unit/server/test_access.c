/* SPDX-License-Identifier: ISC */
/* Admit a peer by the rules of allow and deny. */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "server/process/access.h"

Suite *access_suite(void);

static struct address_ip
peer_of(const char *text, uint16_t port)
{
	struct sockaddr_in four = {
	    .sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 six = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct address_ip ip;

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		ck_assert_int_eq(
		    address_ip_of(&ip, (struct sockaddr *)&four), 0);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
		ck_assert_int_eq(
		    address_ip_of(&ip, (struct sockaddr *)&six), 0);
	}
	return ip;
}

static char any4[] = "0.0.0.0/0", ten[] = "10.0.0.0/8", one[] = "10.1.2.3",
	    low[] = "10.0.0.0/8:1-1023", ula[] = "fd00::/8";

static const struct {
	char *allow[2], *deny[2];
	const char *peer;
	uint16_t port;
	int admitted;
} cases[] = {
    {{NULL}, {NULL}, "192.0.2.1", 4000, 1},
    {{NULL}, {NULL}, "2001:db8::1", 4000, 1},
    {{ten}, {NULL}, "10.255.255.255", 4000, 1},
    {{ten}, {NULL}, "11.0.0.0", 4000, 0},
    {{ten}, {NULL}, "2001:db8::1", 4000, 0},
    {{ten}, {NULL}, "::ffff:10.0.0.1", 4000, 1},
    {{NULL}, {ten}, "10.0.0.1", 4000, 0},
    {{NULL}, {ten}, "::ffff:10.0.0.1", 4000, 0},
    {{NULL}, {ten}, "11.0.0.1", 4000, 1},
    {{ten}, {one}, "10.1.2.3", 4000, 0},
    {{ten}, {one}, "10.1.2.4", 4000, 1},
    {{one}, {ten}, "10.1.2.3", 4000, 0},
    {{any4}, {NULL}, "192.0.2.1", 4000, 1},
    {{any4}, {NULL}, "fd00::1", 4000, 0},
    {{any4, ula}, {NULL}, "fd00::1", 4000, 1},
    {{low}, {NULL}, "10.0.0.1", 0, 0},
    {{low}, {NULL}, "10.0.0.1", 1, 1},
    {{low}, {NULL}, "10.0.0.1", 1023, 1},
    {{low}, {NULL}, "10.0.0.1", 1024, 0},
};

static struct setting_list
list_of(char *items[2])
{
	struct setting_list list = {.items = items};

	while (list.count < 2 && items[list.count] != NULL)
		list.count++;
	return list;
}

START_TEST(peer_is_admitted_when_the_rules_match)
{
	char *allowed[2] = {cases[_i].allow[0], cases[_i].allow[1]};
	char *denied[2] = {cases[_i].deny[0], cases[_i].deny[1]};
	struct setting_list allow = list_of(allowed), deny = list_of(denied);
	struct address_ip peer = peer_of(cases[_i].peer, cases[_i].port);
	char error[SETTINGS_ERROR];
	struct access access;

	ck_assert_int_eq(access_init(&access, &allow, &deny, error), 0);
	ck_assert_int_eq(
	    access_admits(&access, &peer) != 0, cases[_i].admitted);
	access_release(&access);
}
END_TEST

START_TEST(init_fails_when_a_rule_is_malformed)
{
	char good[] = "10.0.0.0/8", bad[] = "10.0.0.0/8x";
	char *items[2] = {good, bad};
	struct setting_list list = {items, 2}, none = {NULL, 0};
	char error[SETTINGS_ERROR] = "";
	struct access access;

	ck_assert_int_eq(access_init(&access, &list, &none, error), -1);
	ck_assert_ptr_nonnull(strstr(error, bad));
	ck_assert_int_eq(access_init(&access, &none, &list, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "deny"));
	ck_assert_uint_eq(access.deny.count, 0);
	ck_assert_ptr_null(access.deny.rules);
}
END_TEST

Suite *
access_suite(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_create("access");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, peer_is_admitted_when_the_rules_match, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, init_fails_when_a_rule_is_malformed);
	suite_add_tcase(suite, tcase);
	return suite;
}
