/* SPDX-License-Identifier: ISC */
/* Look up the addresses of a host, within a time limit. */
#include "client/connection/lookup.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/shared/interrupt.h"

/* Look up without a time limit. */
static void
resolve(struct lookup *found, const char *host, const char *port,
    const struct addrinfo *hints)
{
	struct addrinfo *first = NULL;

	memset(found, 0, sizeof(*found));
	found->error = getaddrinfo(host, port, hints, &first);
	found->system = errno;
	if (found->error != 0)
		return;
	for (const struct addrinfo *next = first;
	     next != NULL && found->count < LOOKUP_MOST; next = next->ai_next) {
		struct lookup_address *address =
		    &found->addresses[found->count];

		if (next->ai_addrlen > sizeof(address->address))
			continue;
		address->length = next->ai_addrlen;
		memcpy(&address->address, next->ai_addr, next->ai_addrlen);
		found->count++;
	}
	freeaddrinfo(first);
}

/* Start a child that writes the reply to the pipe.  Returns as fork(2). */
static pid_t
start_child(const int reply[2], const char *host, const char *port,
    const struct addrinfo *hints)
{
	struct lookup found;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	resolve(&found, host, port, hints);
	/* If this fails, the parent finds the pipe closed. */
	(void)io_write_all(reply[1], &found, sizeof(found));
	_exit(0);
}

/* Read the whole reply. */
static enum lookup_event
read_reply(struct lookup *found, int fd, io_time deadline)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	size_t filled = 0;

	while (filled < sizeof(*found)) {
		ssize_t got;

		if (interrupt_caught())
			return LOOKUP_INTERRUPTED;
		if (io_now() >= deadline)
			return LOOKUP_TIMEOUT;
		if (io_poll(&wait, 1, deadline) == 0)
			continue;
		got = io_read(
		    fd, (char *)found + filled, sizeof(*found) - filled);
		if (got <= 0) {
			found->error = EAI_FAIL;
			return LOOKUP_FAILED;
		}
		filled += (size_t)got;
	}
	return found->error == 0 ? LOOKUP_FOUND : LOOKUP_FAILED;
}

static enum lookup_event
fail_system(struct lookup *found)
{
	found->error = EAI_SYSTEM;
	found->system = errno;
	return LOOKUP_FAILED;
}

static enum lookup_event
look_up_name(struct lookup *found, const char *host, const char *port,
    const struct addrinfo *hints, io_time deadline)
{
	enum lookup_event event;
	int reply[2], status;
	pid_t pid;

	if (pipe(reply) == -1)
		return fail_system(found);
	pid = start_child(reply, host, port, hints);
	event = pid == -1 ? fail_system(found) : LOOKUP_FOUND;
	close(reply[1]);
	if (pid != -1) {
		event = read_reply(found, reply[0], deadline);
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			continue;
	}
	close(reply[0]);
	return event;
}

static enum lookup_event
look_up(struct lookup *found, const char *host, const char *port,
    const struct addrinfo *hints, io_time deadline)
{
	struct addrinfo numeric = *hints;

	numeric.ai_flags |= AI_NUMERICHOST;
	resolve(found, host, port, &numeric);
	if (found->error == EAI_NONAME)
		return look_up_name(found, host, port, hints, deadline);
	return found->error == 0 ? LOOKUP_FOUND : LOOKUP_FAILED;
}

enum lookup_event
lookup(struct lookup *found, const char *host, const char *port,
    const struct addrinfo *hints, io_time deadline, const char **reason)
{
	enum lookup_event event = look_up(found, host, port, hints, deadline);

	if (event == LOOKUP_FAILED)
		*reason = found->error == EAI_SYSTEM
		    ? strerror(found->system)
		    : gai_strerror(found->error);
	return event;
}
