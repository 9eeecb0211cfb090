/* SPDX-License-Identifier: ISC */
/* Run the examples of the manual pages as printed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/os.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* More bytes than either side sends in an example. */
#define SESSION 1024

#ifdef OS_LINUX
#define OS_FINDS_HOLES 1
#else
#define OS_FINDS_HOLES 0
#endif

#define BLOCK ".Bd -literal -offset indent\n"

static char script[HARNESS_PATH], client_page[HARNESS_PATH],
    protocol_page[HARNESS_PATH];

/* Returns nonzero if this user can make namespaces for the examples. */
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

START_TEST(examples_of_ftx_run_as_printed)
{
	struct run run;

	if (!has_namespaces())
		return;
	RUN(&run, "unshare", "-mn", "--propagation", "private", script,
	    client_page);
	run_check(&run, 0, NULL);
}
END_TEST

/* Read a block of hexadecimal bytes.  Returns how many. */
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

/* Read to the end of the stream, which must come.  Returns how many bytes. */
static size_t
receive_all(int fd, uint8_t bytes[SESSION])
{
	io_time deadline = io_now() + HARNESS_TIMEOUT;
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

/* The bytes of one side in an example. */
struct side {
	uint8_t bytes[SESSION];
	size_t length;
};

/* Read an example: the bytes of the client, then of the server. */
static void
read_example(int number, struct side *client, struct side *server)
{
	char *page = file_read(protocol_page);
	const char *at = strstr(page, ".Sh EXAMPLES");

	ck_assert_ptr_nonnull(at);
	for (int block = 0; block <= 2 * number + 1; block++) {
		at = strstr(at, BLOCK);
		ck_assert_ptr_nonnull(at);
		at += strlen(BLOCK);
		if (block == 2 * number)
			client->length = read_bytes(at, client->bytes);
	}
	server->length = read_bytes(at, server->bytes);
	free(page);
}

/* Returns the length of the frame at this offset. */
static size_t
frame_length(const struct side *side, size_t at)
{
	ck_assert_uint_le(at + WIRE_HEADER, side->length);
	return WIRE_HEADER + (size_t)side->bytes[at + 9] * 65536 +
	    (size_t)side->bytes[at + 10] * 256 + side->bytes[at + 11];
}

/*
 * Keep the preamble and the frames of this type.  If type is negative, keep all
 * frames but those of the type -type.  If request is not 0, keep only frames of
 * this request.
 */
static void
keep_frames(struct side *side, size_t preamble, int type, uint8_t request)
{
	size_t length, kept = preamble;

	for (size_t at = preamble; at < side->length; at += length) {
		int is = side->bytes[at] == (type < 0 ? -type : type);

		length = frame_length(side, at);
		ck_assert_uint_le(at + length, side->length);
		if ((type < 0) == is ||
		    (request != 0 && side->bytes[at + 7] != request))
			continue;
		memmove(side->bytes + kept, side->bytes + at, length);
		kept += length;
	}
	side->length = kept;
}

static void
expect_same(const struct side *got, const struct side *wanted)
{
	for (size_t i = 0; i < got->length && i < wanted->length; i++)
		ck_assert_msg(got->bytes[i] == wanted->bytes[i],
		    "byte %lu is %02x, not %02x", (unsigned long)i,
		    got->bytes[i], wanted->bytes[i]);
	ck_assert_uint_eq(got->length, wanted->length);
}

#define KEPT (1 << 20)

/* Cut a connection: the second example resumes its file. */
static void
lose_connection(const struct server *server)
{
	static uint8_t content[KEPT];
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .wishes = WIRE_RESUME,
	    .mode = 0644,
	    .size = KEPT + 5,
	    .allocated = 4096,
	    .path = {"b", 1}};
	struct script *session = script_new();
	uint8_t payload[WIRE_REQUEST_SIZE + 1];
	struct client peer;

	memset(content, 'x', sizeof(content));
	directory_make("in/c");
	script_begin(session);
	script_frame(session, WIRE_ASK, 1, payload,
	    wire_write_request(payload, &request));
	script_frame(session, WIRE_DATA, 1, content, sizeof(content));
	peer_start(&peer, server->port, session);
	ck_assert_int_eq(shutdown(peer.fd, SHUT_WR), 0);
	client_expect(&peer, WIRE_GO, 1);
	client_expect_end(&peer);
	client_close(&peer);
}

/* Leave out "working" frames: they depend on time. */
START_TEST(server_sends_the_protocol_example)
{
	struct side sent, wanted, got;
	struct server server;
	struct client peer;
	char *stored;

	read_example(_i, &sent, &wanted);
	SERVER_START(&server, "-w", "1");
	if (_i == 1)
		lose_connection(&server);
	peer_open(&peer, server.port, NULL);
	client_send(&peer, sent.bytes, sent.length);
	got.length = receive_all(peer.fd, got.bytes);
	client_close(&peer);
	keep_frames(&wanted, WIRE_GREETING, -WIRE_WORKING, 0);
	keep_frames(&got, WIRE_GREETING, -WIRE_WORKING, 0);
	expect_same(&got, &wanted);
	if (_i == 0) {
		stored = file_read("in/a.txt");
		ck_assert_str_eq(stored, "hello");
		free(stored);
	} else {
		ck_assert_int_eq(file_size("in/b"), KEPT + 5);
		ck_assert_uint_eq(directory_count("in/c"), 0);
	}
	server_stop(&server);
}
END_TEST

static void
write_side(const char *path, const struct side *side)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(side->bytes, side->length, 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
}

static void
read_side(const char *path, struct side *side)
{
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	side->length = fread(side->bytes, 1, SESSION, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* Make a file of 1970, as on the page. */
static void
make_source(const char *path, off_t hole)
{
	const struct timespec times[2] = {{0, 0}, {0, 0}};
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseeko(file, hole, SEEK_SET), 0);
	ck_assert_int_eq(fputs("hello", file) >= 0, 1);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Returns the offset of the first frame of this type or of the first result. */
static size_t
find_frame(const struct side *server, enum wire_type type)
{
	size_t at = WIRE_GREETING;

	while (server->bytes[at] != type && server->bytes[at] != WIRE_RESULT)
		at += frame_length(server, at);
	return at;
}

/* The length of a hello, a base and an ask, with paths of one byte. */
#define ASKED                                                                  \
	(WIRE_HELLO + WIRE_HEADER + 1 + WIRE_HEADER + WIRE_REQUEST_SIZE + 1)

/*
 * Make a command that plays the server.  It sends "go" after the ask, and the
 * results after this many bytes.  It ends at the end of its input.
 */
static void
play_server(char command[HARNESS_PATH], const struct side *server, size_t bytes)
{
	size_t go = find_frame(server, WIRE_GO);
	size_t result = find_frame(server, WIRE_RESULT);

	write_side("server", server);
	snprintf(command, HARNESS_PATH,
	    "sh -c 'exec 3>&1; head -c %lu server; head -c %u >received; "
	    "tail -c +%lu server | head -c %lu; head -c %lu >>received; "
	    "tail -c +%lu server; exec cat >>received'",
	    (unsigned long)go, (unsigned)ASKED, (unsigned long)go + 1,
	    (unsigned long)(result - go), (unsigned long)(bytes - ASKED),
	    (unsigned long)result + 1);
}

START_TEST(client_sends_the_protocol_example)
{
	struct side wanted, server, received;
	char command[HARNESS_PATH];
	struct run run;

	read_example(0, &wanted, &server);
	make_source("a.txt", 0);
	play_server(command, &server, wanted.length - WIRE_HEADER);
	RUN(&run, "ftx", "put", "-ve", command, "a.txt", "x:a.txt");
	run_check(&run, 0, "stored a.txt -> x:a.txt  5 B");
	read_side("received", &received);
	expect_same(&received, &wanted);
}
END_TEST

/* On the page, the client aborts the small file.  ftx sends all of it. */
START_TEST(client_sends_the_resume_example)
{
	const size_t aborted = 2 * WIRE_HEADER + 3 + 1;
	const size_t ended = 2 * WIRE_HEADER + 5 + 16;
	/*
	 * ftx sends "waiting" once, while it reads the beginning of its file.
	 */
	const size_t waiting = WIRE_HEADER;
	struct side wanted, server, received;
	char command[HARNESS_PATH];
	struct stat found;
	struct run run;

	read_example(1, &wanted, &server);
	make_source("b", KEPT);
	make_source("c", 0);
	ck_assert_int_eq(stat("b", &found), 0);
	if (!OS_FINDS_HOLES || found.st_blocks * OS_BLOCK >= KEPT) {
		harness_skip("holes", "only Linux is asked where they are");
		return;
	}
	play_server(command, &server,
	    wanted.length - aborted + ended + waiting - WIRE_HEADER);
	RUN(&run, "ftx", "put", "-ve", command, "b", "c", "x:");
	run_check(&run, 23, "c -> x:c: refused: the target is a directory");
	ck_assert_ptr_nonnull(strstr(run.err, "stored b -> x:b"));
	read_side("received", &received);
	keep_frames(&wanted, WIRE_HELLO, -WIRE_WAITING, 1);
	keep_frames(&received, WIRE_HELLO, -WIRE_WAITING, 1);
	/* The allocated size depends on the file system. */
	memcpy(received.bytes + WIRE_HELLO + WIRE_HEADER + 28,
	    wanted.bytes + WIRE_HELLO + WIRE_HEADER + 28, 8);
	expect_same(&received, &wanted);
}
END_TEST

/* Make the path absolute: tests change the working directory. */
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
	tcase_add_test(tcase, examples_of_ftx_run_as_printed);
	tcase_add_loop_test(tcase, server_sends_the_protocol_example, 0, 2);
	tcase_add_test(tcase, client_sends_the_protocol_example);
	tcase_add_test(tcase, client_sends_the_resume_example);
	suite_add_tcase(suite, tcase);
	return suite;
}
