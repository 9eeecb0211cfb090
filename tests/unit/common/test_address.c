/* SPDX-License-Identifier: ISC */
/* Parse, print and compare addresses; match rules. */
#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/address.h"

Suite *address_suite(void);

#define COUNT(array) (sizeof(array) / sizeof *(array))

START_TEST(parse_splits_host_and_port)
{
	static const struct {
		const char *text, *host, *port;
	} good[] = {
	    {"nas", "nas", ""},
	    {"nas.example.org:80", "nas.example.org", "80"},
	    {"a_b-c.", "a_b-c.", ""},
	    {"192.0.2.1", "192.0.2.1", ""},
	    {"192.0.2.1:0", "192.0.2.1", "0"},
	    {"192.0.2.1:65535", "192.0.2.1", "65535"},
	    {"::1", "::1", ""},
	    {"2001:db8::7", "2001:db8::7", ""},
	    {"fe80::1%eth0", "fe80::1%eth0", ""},
	    {"[::1]", "::1", ""},
	    {"[::1]:2345", "::1", "2345"},
	    {"[fe80::1%eth0]:2345", "fe80::1%eth0", "2345"},
	    {"[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", "1"},
	};
	struct address_name name;
	const char *reason;

	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(address_parse(&name, good[i].text, &reason) == 0,
		    "%s: %s", good[i].text, reason);
		ck_assert_str_eq(name.host, good[i].host);
		ck_assert_str_eq(name.port, good[i].port);
	}
}
END_TEST

START_TEST(parse_fails_when_the_name_is_invalid)
{
	static const char *const bad[] = {"", ":", ":80", "nas:", "nas:x",
	    "nas:http", "nas:65536", "nas:-1", "nas:080", "nas:1 ", " nas",
	    "na s", "nas\n", "-nas", "n/s", "n\xc3\xa4s", "[", "[]", "]",
	    "[nas]", "[192.0.2.1]", "[::1", "[::1]x", "[::1]:", "[::1]:x",
	    "[::1]:65536", "[::1%]", "[::1%a b]", "[[::1]]", "::1]", "::g",
	    "nas:80:90", "::1%", "1:2:3:4:5:6:7:8:9"};
	struct address_name name;
	const char *reason;

	for (size_t i = 0; i < COUNT(bad); i++) {
		reason = NULL;
		ck_assert_msg(address_parse(&name, bad[i], &reason) == -1,
		    "accepted: %s", bad[i]);
		ck_assert_ptr_nonnull(reason);
	}
}
END_TEST

START_TEST(parse_fails_when_the_name_is_too_long)
{
	char text[ADDRESS_HOST + 16];
	struct address_name name;
	const char *reason;

	for (size_t size = ADDRESS_HOST - 2; size <= ADDRESS_HOST; size++) {
		memset(text, 'a', size);
		memcpy(text + size, ":65535", sizeof ":65535");
		ck_assert_int_eq(address_parse(&name, text, &reason),
		    size < ADDRESS_HOST ? 0 : -1);
	}
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_int_eq(address_parse(&name, text, &reason), -1);
}
END_TEST

START_TEST(parse_port_accepts_only_digits_up_to_65535)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "65536",
	    "99999", "18446744073709551617", "0x10", "1a", "00", "01"};

	ck_assert_int_eq(address_parse_port("0"), 0);
	ck_assert_int_eq(address_parse_port("2345"), 2345);
	ck_assert_int_eq(address_parse_port("65534"), 65534);
	ck_assert_int_eq(address_parse_port("65535"), 65535);
	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(address_parse_port(bad[i]) == -1, "%s", bad[i]);
}
END_TEST

/* IPv6 if host contains a colon, else IPv4. */
static socklen_t
make_address(struct sockaddr_storage *storage, const char *host, uint16_t port)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

	memset(storage, 0, sizeof *storage);
	if (strchr(host, ':') == NULL) {
		ck_assert_int_eq(inet_pton(AF_INET, host, &ipv4.sin_addr), 1);
		ipv4.sin_port = htons(port);
		memcpy(storage, &ipv4, sizeof ipv4);
		return sizeof ipv4;
	}
	ck_assert_int_eq(inet_pton(AF_INET6, host, &ipv6.sin6_addr), 1);
	ipv6.sin6_port = htons(port);
	if (strncmp(host, "fe80:", 5) == 0)
		ipv6.sin6_scope_id = if_nametoindex("lo");
	memcpy(storage, &ipv6, sizeof ipv6);
	return sizeof ipv6;
}

static struct address_ip
make_ip(const char *host, uint16_t port)
{
	struct sockaddr_storage storage;
	struct address_ip ip;

	make_address(&storage, host, port);
	ck_assert_int_eq(
	    address_ip_of(&ip, (const struct sockaddr *)&storage), 0);
	return ip;
}

static void
expect_print(const char *host, uint16_t port, const char *wanted)
{
	struct sockaddr_storage storage;
	socklen_t length = make_address(&storage, host, port);
	char buffer[ADDRESS_TEXT];

	ck_assert_str_eq(
	    address_print(buffer, (const struct sockaddr *)&storage, length),
	    wanted);
}

START_TEST(print_formats_each_family)
{
	struct sockaddr other = {.sa_family = AF_UNIX};
	char buffer[ADDRESS_TEXT];

	expect_print("192.0.2.1", 80, "192.0.2.1:80");
	expect_print("255.255.255.255", 65535, "255.255.255.255:65535");
	expect_print("::1", 0, "[::1]:0");
	expect_print("2001:db8::1", 2345, "[2001:db8::1]:2345");
	expect_print("::ffff:192.0.2.1", 80, "192.0.2.1:80");
	if (if_nametoindex("lo") != 0)
		expect_print("fe80::1", 1, "[fe80::1%lo]:1");
	ck_assert_str_eq(
	    address_print(buffer, &other, sizeof other), "unknown");
}
END_TEST

START_TEST(ip_of_maps_ipv4)
{
	static const uint8_t mapped[16] = {
	    [10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1};
	struct sockaddr other = {.sa_family = AF_UNIX};
	struct address_ip ip = make_ip("192.0.2.1", 2345);

	ck_assert_mem_eq(ip.bytes, mapped, 16);
	ck_assert_uint_eq(ip.port, 2345);
	ip = make_ip("::ffff:192.0.2.1", 80);
	ck_assert_mem_eq(ip.bytes, mapped, 16);
	ck_assert_uint_eq(ip.port, 80);
	ck_assert_int_eq(address_ip_of(&ip, &other), -1);
}
END_TEST

START_TEST(is_loopback_checks_both_families)
{
	static const char *const loopback[] = {
	    "127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"};
	static const char *const other[] = {"126.255.255.255", "128.0.0.0",
	    "0.0.0.0", "::", "::2", "1::1", "::127.0.0.1"};

	for (size_t i = 0; i < COUNT(loopback); i++) {
		struct address_ip ip = make_ip(loopback[i], 1);

		ck_assert_msg(address_is_loopback(&ip), "%s", loopback[i]);
	}
	for (size_t i = 0; i < COUNT(other); i++) {
		struct address_ip ip = make_ip(other[i], 1);

		ck_assert_msg(!address_is_loopback(&ip), "%s", other[i]);
	}
}
END_TEST

static int
same_host(const char *a, const char *b)
{
	struct address_ip first = make_ip(a, 1), second = make_ip(b, 2);

	return address_same_host(&first, &second);
}

START_TEST(same_host_compares_64_bits_of_ipv6)
{
	ck_assert(same_host("192.0.2.1", "192.0.2.1"));
	ck_assert(same_host("192.0.2.1", "::ffff:192.0.2.1"));
	ck_assert(!same_host("192.0.2.1", "192.0.2.2"));
	ck_assert(same_host("2001:db8:1:2::1", "2001:db8:1:2:ffff::"));
	ck_assert(!same_host("2001:db8:1:2::1", "2001:db8:1:3::1"));
	ck_assert(!same_host("127.0.0.1", "::1"));
	ck_assert(!same_host("::1", "127.0.0.1"));
}
END_TEST

START_TEST(rule_matches_network_and_ports)
{
	static const struct {
		const char *rule, *host;
		uint16_t port;
		int match;
	} cases[] = {
	    {"10.0.0.0/8", "10.0.0.0", 1, 1},
	    {"10.0.0.0/8", "10.255.255.255", 65535, 1},
	    {"10.0.0.0/8", "11.0.0.0", 1, 0},
	    {"10.0.0.0/8", "9.255.255.255", 1, 0},
	    {"10.0.0.0/8", "::ffff:10.1.2.3", 1, 1},
	    {"10.1.2.3", "10.1.2.3", 1, 1},
	    {"10.1.2.3", "10.1.2.2", 1, 0},
	    {"10.1.2.3/32", "10.1.2.3", 1, 1},
	    {"10.1.2.2/31", "10.1.2.3", 1, 1},
	    {"10.1.2.2/31", "10.1.2.4", 1, 0},
	    {"172.16.0.0/12", "172.31.255.255", 1, 1},
	    {"172.16.0.0/12", "172.32.0.0", 1, 0},
	    {"0.0.0.0/0", "203.0.113.9", 1, 1},
	    {"0.0.0.0/0", "2001:db8::1", 1, 0},
	    {"0.0.0.0/0", "::1", 1, 0},
	    {"::/0", "2001:db8::1", 1, 1},
	    {"::/0", "203.0.113.9", 1, 0},
	    {"::ffff:0:0/96", "203.0.113.9", 1, 1},
	    {"2001:db8::/32", "2001:db8:ffff::1", 1, 1},
	    {"2001:db8::/32", "2001:db9::", 1, 0},
	    {"2001:db8::1", "2001:db8::1", 1, 1},
	    {"2001:db8::1", "2001:db8::2", 1, 0},
	    {"[fd00::/8]", "fdff::1", 1, 1},
	    {"[fd00::/8]:1-1023", "fdff::1", 1023, 1},
	    {"[fd00::/8]:1-1023", "fdff::1", 1024, 0},
	    {"[::1]:7", "::1", 7, 1},
	    {"[::1]:7", "::1", 8, 0},
	    {"10.0.0.0/8:1-1023", "10.1.1.1", 1, 1},
	    {"10.0.0.0/8:1-1023", "10.1.1.1", 0, 0},
	    {"10.0.0.0/8:2-1023", "10.1.1.1", 1, 0},
	    {"10.0.0.0/8:1-1023", "10.1.1.1", 1024, 0},
	    {"10.0.0.0/8:65535", "10.1.1.1", 65535, 1},
	    {"10.0.0.0/8:65535", "10.1.1.1", 65534, 0},
	};
	struct address_rule rule;
	const char *reason;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct address_ip ip = make_ip(cases[i].host, cases[i].port);

		ck_assert_msg(
		    address_rule_parse(&rule, cases[i].rule, &reason) == 0,
		    "%s: %s", cases[i].rule, reason);
		ck_assert_msg(
		    (address_rule_match(&rule, &ip) != 0) == cases[i].match,
		    "%s and %s", cases[i].rule, cases[i].host);
	}
}
END_TEST

START_TEST(rule_parse_fails_when_the_rule_is_invalid)
{
	static const char *const bad[] = {"", " ", "/", "/8", ":1", "nas",
	    "localhost", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256",
	    "010.0.0.0/8", "0x0a.0.0.0/8", "10.0.0.0/", "10.0.0.0/x",
	    "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8",
	    "10.0.0.0/08", "10.0.0.0/33", "10.0.0.0/128", "10.0.0.0/256",
	    "10.0.0.0/4294967304", "10.0.0.0/8/8", "10.0.0.1/8",
	    "10.0.0.0/255.0.0.0", "128.0.0.0/0", "10.0.0.0/6", "10.0.0.1/31",
	    " 10.0.0.0/8", "10.0.0.0/8 ", "10.0.0.0/8,11.0.0.0/8",
	    "10.0.0.0/8\n", "!10.0.0.0/8", "*", "10.*", "10.0.0.0-10.0.0.9",
	    "10.0.0.0/8:", "10.0.0.0/8:0", "10.0.0.0/8:0-5", "10.0.0.0/8:65536",
	    "10.0.0.0/8:1-65536", "10.0.0.0/8:5-4", "10.0.0.0/8:-5",
	    "10.0.0.0/8:5-", "10.0.0.0/8:-", "10.0.0.0/8:1-2-3",
	    "10.0.0.0/8:1:2", "10.0.0.0/8:http", "10.0.0.0/8: 1",
	    "[10.0.0.0/8]", "[10.0.0.0/8]:1", "[10.0.0.0]/8", "[", "[]", "[]:1",
	    "[::", "[::]x", "[::]1", "[::]:", "[::]:0", "[::]/0", "::/129",
	    "::/", "::/x", "::1/127", "2001:db8::1/32", "2001:db8::/32:1-1023",
	    "fe80::1%lo", "[fe80::1%lo]", "fe80::%lo/10", "1:2:3", "::g"};
	struct address_rule rule, before;
	const char *reason;

	memset(&rule, 7, sizeof rule);
	before = rule;
	for (size_t i = 0; i < COUNT(bad); i++) {
		reason = NULL;
		ck_assert_msg(address_rule_parse(&rule, bad[i], &reason) == -1,
		    "accepted: %s", bad[i]);
		ck_assert_ptr_nonnull(reason);
	}
	for (size_t size = ADDRESS_TEXT - 2; size <= ADDRESS_TEXT; size++) {
		char text[ADDRESS_TEXT + 1];

		memset(text, '1', size);
		text[size] = '\0';
		ck_assert_int_eq(address_rule_parse(&rule, text, &reason), -1);
	}
	ck_assert_mem_eq(&rule, &before, sizeof rule);
}
END_TEST

Suite *
address_suite(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("address");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, parse_splits_host_and_port);
	tcase_add_test(tests, parse_fails_when_the_name_is_invalid);
	tcase_add_test(tests, parse_fails_when_the_name_is_too_long);
	tcase_add_test(tests, parse_port_accepts_only_digits_up_to_65535);
	tcase_add_test(tests, print_formats_each_family);
	tcase_add_test(tests, ip_of_maps_ipv4);
	tcase_add_test(tests, is_loopback_checks_both_families);
	tcase_add_test(tests, same_host_compares_64_bits_of_ipv6);
	tcase_add_test(tests, rule_matches_network_and_ports);
	tcase_add_test(tests, rule_parse_fails_when_the_rule_is_invalid);
	suite_add_tcase(suite, tests);
	return suite;
}
