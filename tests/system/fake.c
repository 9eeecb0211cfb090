/* SPDX-License-Identifier: ISC */
/* A fake server in a child process sends the bytes of a test. */
#include "tests/system/fake.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"

static int
bind_free_port(unsigned *port)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	char text[16];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(
	    getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	snprintf(text, sizeof(text), "%u", *port);
	ck_assert_int_eq(setenv("FTX_PORT", text, 1), 0);
	return fd;
}

/* Read this many bytes, or to the end of the stream or the deadline. */
static void
receive(int fd, size_t enough, io_time deadline)
{
	char spill[65536];
	size_t taken = 0;

	while (taken < enough && io_now() < deadline) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		ssize_t count;

		if (io_poll(&polled, 1, deadline) <= 0)
			continue;
		count = io_read(fd, spill, sizeof(spill));
		if (count <= 0)
			return;
		taken += (size_t)count;
	}
}

/* Send the bytes until the peer has closed. */
static void
repeat(int fd, const struct fake_pulse *pulse)
{
	while (io_write_all(fd, pulse->bytes, pulse->length) == 0)
		(void)poll(NULL, 0, pulse->every);
}

static void
serve(
    int listener, const struct fake_turn *turns, const struct fake_pulse *pulse)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL), failed = 0;
		const struct fake_turn *turn = turns;

		if (fd < 0)
			_exit(1);
		do {
			if (turn->after > 0)
				receive(fd, turn->after, io_now() + 5000);
			failed = turn->length == 0 ||
			    io_write_all(fd, turn->bytes, turn->length) != 0;
		} while (!failed && (++turn)->length > 0);
		if (!failed && pulse != NULL)
			repeat(fd, pulse);
		if (!failed)
			receive(fd, SIZE_MAX, io_now() + 250);
		close(fd);
	}
}

void
fake_start_turns(struct fake *fake, const struct fake_turn *turns)
{
	fake_start_endless(fake, turns, NULL);
}

void
fake_start_endless(struct fake *fake, const struct fake_turn *turns,
    const struct fake_pulse *pulse)
{
	int listener = bind_free_port(&fake->port);

	ck_assert_int_eq(listen(listener, 16), 0);
	fake->pid = fork();
	ck_assert_int_ge(fake->pid, 0);
	/* If the peer has closed, the child must not end by SIGPIPE. */
	if (fake->pid == 0)
		(void)signal(SIGPIPE, SIG_IGN);
	if (fake->pid == 0)
		serve(listener, turns, pulse);
	close(listener);
}

void
fake_start(struct fake *fake, const void *bytes, size_t length, size_t after)
{
	const struct fake_turn turns[] = {{after, bytes, length}, {0, NULL, 0}};

	fake_start_turns(fake, turns);
}

void
fake_stop(struct fake *fake)
{
	int status;

	ck_assert_int_eq(kill(fake->pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(fake->pid, &status, 0), fake->pid);
	ck_assert_msg(WIFSIGNALED(status), "the fake server failed");
}

unsigned
fake_unused_port(void)
{
	unsigned port;

	/* The kernel does not assign a port again soon after it was freed. */
	close(bind_free_port(&port));
	return port;
}
