/* SPDX-License-Identifier: ISC */
/* A client that sends any bytes to ftxd over TCP; errors fail the test. */
#include "tests/system/peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/server.h"

void
peer_begin(void)
{
	harness_begin();
	SERVER_START(&served, "-w", "1", "-o", "fsync=no");
}

void
peer_finish(void)
{
	ck_assert_int_eq(directory_count_staged("in"), 0);
	ck_assert(!file_exists("in/first"));
	server_stop(&served);
	harness_end();
}

static struct sockaddr_in
address_of(const char *host, unsigned port)
{
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)port);
	ck_assert_int_eq(inet_pton(AF_INET, host, &address.sin_addr), 1);
	return address;
}

void
peer_open(struct client *peer, unsigned port, const char *from)
{
	struct sockaddr_in address = address_of("127.0.0.1", port);

	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_close_on_exec(fd), 0);
	if (from != NULL) {
		struct sockaddr_in local = address_of(from, 0);

		ck_assert_int_eq(
		    bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	}
	ck_assert_int_eq(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	client_open(peer, fd);
}

void
peer_reset(struct client *peer)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	ck_assert_int_eq(
	    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	client_close(peer);
}

void
peer_skip_to(struct client *peer, enum wire_type type, uint32_t request)
{
	do {
		ck_assert_msg(client_next(peer), "the stream ended");
		ck_assert_msg(
		    type == WIRE_FATAL || peer->frame.type != WIRE_FATAL,
		    "fatal: %s", client_text(peer));
	} while (peer->frame.type != type || peer->frame.request != request);
}

void
peer_expect_fatal(struct client *peer, enum status status)
{
	client_expect_fatal(peer, status, "");
	client_expect_end(peer);
}

void
peer_skip_to_error(struct client *peer, const char *text)
{
	peer_skip_to(peer, WIRE_FATAL, 0);
	ck_assert_msg(peer->payload[0] == STATUS_PROTOCOL &&
		strstr(client_text(peer), text) != NULL,
	    "not \"%s\": %s", text, client_text(peer));
	client_expect_end(peer);
}

void
peer_start(struct client *peer, unsigned port, const struct script *script)
{
	struct wire_greeting greeting;

	peer_open(peer, port, NULL);
	client_play(peer, script);
	greeting = client_greeting(peer);
	ck_assert_uint_eq(greeting.state, WIRE_READY);
	client_expect(peer, WIRE_BASED, 0);
}

void
peer_check_service(unsigned port, const char *name)
{
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	script_file(script, 1, name, "served");
	script_bye(script);
	peer_start(&peer, port, script);
	client_expect_result(&peer, 1, STATUS_STORED);
	client_expect_end(&peer);
	client_close(&peer);
}

void
peer_arrive(struct client *peer, unsigned port)
{

	peer_open(peer, port, NULL);
	(void)client_greeting(peer);
}

void
peer_visit(unsigned port)
{
	struct client peer;

	peer_arrive(&peer, port);
	client_close(&peer);
}
