/* SPDX-License-Identifier: ISC */
/* The examples of the manual pages, as they stand there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* More than either side says in the session of the protocol's page. */
#define SESSION 512

#define BLOCK ".Bd -literal -offset indent\n"

static char script[HARNESS_PATH], client_page[HARNESS_PATH],
    protocol_page[HARNESS_PATH];

/* Nonzero where hosts, addresses and places can be given the page's names. */
static int
has_namespaces(void)
{
	struct run run;

	RUN(&run, "unshare", "-mn", "--propagation", "private", "sh", "-c",
	    "command -v bash && command -v xxh64sum && ip link add eth0 type "
	    "veth peer name eth1");
	if (run.status != 0)
		harness_skip(
		    "examples", "needs root, unshare, ip and xxh64sum");
	return run.status == 0;
}

START_TEST(commands_of_the_client)
{
	struct run run;

	if (!has_namespaces())
		return;
	RUN(&run, "unshare", "-mn", "--propagation", "private", script,
	    client_page);
	run_check(&run, 0, NULL);
}
END_TEST

/* The bytes of a block of hexadecimal numbers; returns how many. */
static size_t
read_bytes(const char *text, uint8_t bytes[SESSION])
{
	const char *end = strstr(text, ".Ed");
	size_t count = 0;
	unsigned byte;
	int length;

	ck_assert_ptr_nonnull(end);
	while (text < end && sscanf(text, "%2x%n", &byte, &length) == 1) {
		ck_assert_uint_lt(count, SESSION);
		bytes[count++] = (uint8_t)byte;
		text += length;
		text += strspn(text, " \n");
	}
	ck_assert_msg(text == end, "no byte: %.40s", text);
	return count;
}

/* All that comes up to the end of the stream, which must come. */
static size_t
receive_all(int fd, uint8_t bytes[SESSION])
{
	io_time deadline = io_now() + HARNESS_PATIENCE;
	size_t count = 0;
	ssize_t more = 1;

	while (more > 0) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};

		ck_assert_int_eq(io_poll(&polled, 1, deadline), 1);
		ck_assert_uint_lt(count, SESSION);
		more = io_read(fd, bytes + count, SESSION - count);
		ck_assert_int_ge(more, 0);
		count += (size_t)more;
	}
	return count;
}

START_TEST(session_of_the_protocol)
{
	char *page = file_read(protocol_page), *said;
	const char *client = strstr(page, ".Sh EXAMPLES"), *answer;
	uint8_t sent[SESSION], wanted[SESSION], got[SESSION];
	size_t length, count;
	struct server server;
	struct peer peer;

	ck_assert_ptr_nonnull(client);
	client = strstr(client, BLOCK);
	ck_assert_ptr_nonnull(client);
	answer = strstr(client + 1, BLOCK);
	ck_assert_ptr_nonnull(answer);
	length = read_bytes(client + strlen(BLOCK), sent);
	SERVER_START(&server, "-w", "1");
	peer_open(&peer, server.port, NULL);
	peer_say(&peer, sent, length);
	count = receive_all(peer.fd, got);
	length = read_bytes(answer + strlen(BLOCK), wanted);
	ck_assert_uint_eq(count, length);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(got[i] == wanted[i], "byte %lu is %02x, not %02x",
		    (unsigned long)i, got[i], wanted[i]);
	peer_close(&peer);
	said = file_read("in/a.txt");
	ck_assert_str_eq(said, "hello");
	free(said);
	free(page);
	server_stop(&server);
}
END_TEST

/* The tests have working directories of their own. */
static void
resolve(char out[HARNESS_PATH], const char *path)
{
	char *full = realpath(path, NULL);

	snprintf(out, HARNESS_PATH, "%s", full != NULL ? full : path);
	free(full);
}

Suite *
examples_suite(void)
{
	Suite *suite = suite_create("examples");
	TCase *tcase = harness_case("examples");

	resolve(script, "tests/examples");
	resolve(client_page, "man/ftx.1");
	resolve(protocol_page, "man/ftx-protocol.5");
	tcase_add_test(tcase, commands_of_the_client);
	tcase_add_test(tcase, session_of_the_protocol);
	suite_add_tcase(suite, tcase);
	return suite;
}
