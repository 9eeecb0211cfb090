/* SPDX-License-Identifier: ISC */
/* Files of every size and name, with mode and time. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conn.h"
#include "common/text.h"
#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

START_TEST(file_arrives_from_a_given_address)
{
	struct server server;
	struct run run;
	const char *port;
	char *log;

	file_write("hello.c", "int\nmain(void)\n{\n\treturn 0;\n}\n");
	SERVER_START(&server, "-w", "8", "-a", "127.0.0.1");
	ck_assert_ptr_nonnull(strstr(server.line, "8 workers"));
	ck_assert_ptr_nonnull(strstr(server.line, ", synced\n"));
	RUN(&run, "ftx", "put", "-b", "127.0.0.3", "hello.c",
	    "127.0.0.1:copy.c");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("hello.c", "in/copy.c"));
	ck_assert_uint_eq(file_mode("in/copy.c"), 0644);
	server_expect(&server, "copy.c");
	log = file_read(server.log);
	port = strstr(log, "127.0.0.3:");
	ck_assert_ptr_nonnull(port);
	ck_assert_int_gt(strtol(port + strlen("127.0.0.3:"), NULL, 10), 0);
	free(log);
	server_stop(&server);
}
END_TEST

static const uint64_t sizes[] = {0, 1, 255, 4096, CONN_DATA - 1, CONN_DATA,
    CONN_DATA + 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20};

START_TEST(file_of_every_size_arrives)
{
	struct server server;
	char target[32];

	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		file_make("source", sizes[i], (unsigned)i);
		snprintf(target, sizeof(target), "size-%lu",
		    (unsigned long)sizes[i]);
		put_good(&server, "source", target);
	}
	server_stop(&server);
}
END_TEST

START_TEST(files_of_all_sizes_arrive_in_one_run)
{
	enum {
		COUNT = sizeof(sizes) / sizeof(sizes[0])
	};
	struct server server;
	char sources[COUNT][16], path[64];
	const char *argv[COUNT + 4] = {"ftx", "put"};
	struct run run;

	for (int i = 0; i < COUNT; i++) {
		snprintf(sources[i], sizeof(sources[i]), "f%d", i);
		file_make(sources[i], sizes[i], (unsigned)i);
		argv[2 + i] = sources[i];
	}
	argv[2 + COUNT] = "127.0.0.1:all/of/them";
	SERVER_START(&server, "-w", "1");
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "in/all/of/them/f%d", i);
		ck_assert_msg(file_equal(sources[i], path), "%s", path);
	}
	server_stop(&server);
}
END_TEST

static const char *const names[] = {"with space", "two\nlines", "\xff\xfe\x80",
    "-dash", "back\\slash", "$(x)`y`;*?", "\x1b[31mred", "\xe2\x82\xac",
    "tab\there", "%n%s%99999d", "a:b", "quote'\""};

START_TEST(file_of_every_name_arrives)
{
	struct server server;
	char source[64], path[64], *log;
	size_t taken;
	struct run run;

	directory_make("src");
	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(source, sizeof(source), "src/%s", names[i]);
		file_make(source, 100 + i, 0);
		RUN(&run, "ftx", "put", source, "127.0.0.1:");
		run_check(&run, 0, NULL);
		snprintf(path, sizeof(path), "in/%s", names[i]);
		ck_assert_msg(file_equal(source, path), "%s", path);
		put_good(&server, source, names[i]);
	}
	server_stop(&server);
	log = file_read(server.log);
	for (const char *at = log; *at != '\0'; at += taken) {
		taken = *at == '\n' || *at == '\\'
		    ? 1
		    : text_plain(at, strlen(at), TEXT_UTF8);
		ck_assert_msg(
		    taken > 0, "byte %d in the log", (unsigned char)*at);
	}
	ck_assert_ptr_nonnull(strstr(log, "two\\x0alines"));
	free(log);
}
END_TEST

START_TEST(name_may_begin_with_a_dash)
{
	struct server server;

	file_write("-n", "x");
	SERVER_START(&server, "-w", "1");
	put_good(&server, "-n", "-n");
	server_stop(&server);
}
END_TEST

START_TEST(many_small_files_use_one_connection)
{
	enum {
		COUNT = 300
	};
	static char paths[COUNT][32];
	const char *argv[COUNT + 4] = {"ftx", "put"};
	struct server server;
	struct run run;
	char path[64];

	directory_make("src");
	for (int i = 0; i < COUNT; i++) {
		snprintf(paths[i], sizeof(paths[i]), "src/%d", i);
		file_make(paths[i], (uint64_t)i * 7, (unsigned)i);
		argv[2 + i] = paths[i];
	}
	argv[2 + COUNT] = "127.0.0.1:many";
	SERVER_START(&server, "-w", "1");
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	/* The worker must have served exactly one connection. */
	eventually(kill(server.pid, SIGUSR1) == 0 &&
		server_count_logged(&server, "idle after 1 connections") > 0,
	    HARNESS_TIMEOUT);
	ck_assert_int_eq(directory_count("in/many"), COUNT);
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "in/many/%d", i);
		ck_assert_msg(file_equal(paths[i], path), "%s", path);
	}
	server_stop(&server);
}
END_TEST

START_TEST(mode_is_masked_without_p)
{
	struct server server;
	struct run run;

	file_write("script", "x");
	ck_assert_int_eq(chmod("script", 0777), 0);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "script", "plain");
	ck_assert_uint_eq(file_mode("in/plain"), 0755);
	RUN(&run, "ftx", "put", "-m", "0640", "script", "127.0.0.1:m");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_mode("in/m"), 0640);
	server_stop(&server);
	SERVER_START(&server, "-w", "1", "-o", "umask=077");
	put_good(&server, "script", "tight");
	ck_assert_uint_eq(file_mode("in/tight"), 0700);
	RUN(&run, "ftx", "put", "-p", "script", "127.0.0.1:tightp");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_mode("in/tightp"), 0700);
	server_stop(&server);
}
END_TEST

START_TEST(mode_and_time_are_exact_with_p)
{
	const struct timespec times[2] = {
	    {1000000000, 0}, {1000000000, 123456789}};
	struct server server;
	struct stat status;
	struct run run;

	file_write("old", "x");
	ck_assert_int_eq(chmod("old", 04777), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "old", times, 0), 0);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "old", "new");
	ck_assert_int_eq(lstat("in/new", &status), 0);
	ck_assert_int_gt(status.st_mtime, 1000000000);
	RUN(&run, "ftx", "put", "-p", "old", "127.0.0.1:new");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(lstat("in/new", &status), 0);
	ck_assert_int_eq(status.st_mtim.tv_sec, 1000000000);
	ck_assert_int_eq(status.st_mtim.tv_nsec, 123456789);
	/* The server never sets set-id bits. */
	ck_assert_uint_eq(status.st_mode & 07777, 0777);
	server_stop(&server);
}
END_TEST

START_TEST(verbose_run_reports_each_file)
{
	struct server server;
	struct run run;

	file_make("big.iso", 100000, 0);
	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	ck_assert_ptr_nonnull(strstr(server.line, "not synced"));
	RUN(&run, "ftx", "put", "-v", "big.iso", "127.0.0.1:in/");
	run_check(&run, 0, NULL);
	ck_assert_msg(strstr(run.out, "stored") != NULL ||
		strstr(run.err, "stored") != NULL,
	    "%s%s", run.out, run.err);
	server_stop(&server);
}
END_TEST

START_TEST(reader_sees_the_old_file_until_it_is_replaced)
{
	const struct proxy_plan slow = {.up = {.rate = 2 << 20}};
	struct server server;
	struct proxy proxy;
	char port[16], byte;
	struct run run;
	int reader, looks = 0;

	file_make("old", 100000, 1);
	file_make("new", 1 << 20, 2);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "old", "target");
	reader = open("in/target", O_RDONLY);
	ck_assert_int_ge(reader, 0);
	ck_assert_int_eq(proxy_start(&proxy, &slow, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "new", "127.0.0.1:target");
	while (file_equal("old", "in/target"))
		looks++;
	ck_assert_int_gt(looks, 10);
	ck_assert(file_equal("new", "in/target"));
	run_finish(&run);
	run_check(&run, 0, NULL);
	/* A reader that opened the old file can still read all of it. */
	ck_assert_int_eq(lseek(reader, 0, SEEK_END), 100000);
	ck_assert_int_eq(pread(reader, &byte, 1, 99999), 1);
	close(reader);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(file_arrives_when_bytes_come_one_by_one)
{
	const struct proxy_plan plan = {
	    .up = {.split = 1}, .down = {.split = 1}};
	struct server server;
	struct proxy proxy;
	char port[16];
	struct run run;

	file_make("a", 3000, 1);
	file_make("b", 2000, 2);
	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "a", "b", "127.0.0.1:d");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("a", "in/d/a") && file_equal("b", "in/d/b"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/* If the machine has no ::1, skip the test and return 0. */
static int
has_ipv6(void)
{
	struct sockaddr_in6 address = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int has = fd >= 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	if (!has)
		harness_skip("ipv6", "the machine has no ::1");
	return has;
}

START_TEST(file_arrives_over_ipv6)
{
	struct server server;
	struct run run;

	if (!has_ipv6())
		return;
	file_write("f", "six");
	SERVER_START(&server, "-w", "1", "-a", "[::1]");
	RUN(&run, "ftx", "put", "f", "[::1]:f");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	server_expect(&server, "[::1]:");
	RUN(&run, "ftx", "put", "f", "::1:f");
	run_check(&run, 1, "in brackets");
	server_stop(&server);
}
END_TEST

START_TEST(server_serves_on_several_addresses)
{
	struct server server;
	struct run run;

	if (!has_ipv6())
		return;
	file_write("f", "x");
	SERVER_START(&server, "-w", "3", "-a", "127.0.0.1", "-a", "127.0.0.2",
	    "-a", "[::1]");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:1");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "f", "127.0.0.2:2");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "f", "[::1]:3");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(directory_count("in"), 3);
	server_stop(&server);
}
END_TEST

Suite *
put_suite(void)
{
	Suite *suite = suite_create("put");
	TCase *content = harness_case("content");
	TCase *attributes = harness_case("attributes");
	TCase *network = harness_case("network");

	tcase_add_test(content, file_arrives_from_a_given_address);
	tcase_add_test(content, file_of_every_size_arrives);
	tcase_add_test(content, files_of_all_sizes_arrive_in_one_run);
	tcase_add_test(content, file_of_every_name_arrives);
	tcase_add_test(content, name_may_begin_with_a_dash);
	tcase_add_test(content, many_small_files_use_one_connection);
	suite_add_tcase(suite, content);
	tcase_add_test(attributes, mode_is_masked_without_p);
	tcase_add_test(attributes, mode_and_time_are_exact_with_p);
	tcase_add_test(attributes, verbose_run_reports_each_file);
	suite_add_tcase(suite, attributes);
	tcase_add_test(network, reader_sees_the_old_file_until_it_is_replaced);
	tcase_add_test(network, file_arrives_when_bytes_come_one_by_one);
	tcase_add_test(network, file_arrives_over_ipv6);
	tcase_add_test(network, server_serves_on_several_addresses);
	suite_add_tcase(suite, network);
	return suite;
}
