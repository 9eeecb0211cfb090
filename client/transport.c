/* SPDX-License-Identifier: ISC */
/* The way to the server: its addresses or a command, and connections. */
#include "client/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "common/address.h"
#include "common/io.h"
#include "common/text.h"

/* Milliseconds from one call of show to the next. */
#define TICK 1000

/* Returns NULL, or the error in words. */
static const char *
look_up(struct addrinfo **found, const char *host, const char *port,
    const struct addrinfo *hints)
{
	int error = getaddrinfo(host, port, hints, found);

	if (error == 0)
		return NULL;
	*found = NULL;
	return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
}

static int
look_up_remote(struct transport *transport, const char *host,
    const struct options *options, struct outcome *outcome)
{
	struct addrinfo hints = {
	    .ai_family = options_family(options), .ai_socktype = SOCK_STREAM};
	const char *reason =
	    look_up(&transport->remote, host, options->port, &hints);
	char shown[ADDRESS_HOST];

	if (reason == NULL)
		return 0;
	outcome_set(outcome, STATUS_UNTRIED, "to %s: %s",
	    text_escape(shown, sizeof(shown), host, strlen(host), TEXT_UTF8),
	    reason);
	return -1;
}

/* The local address is in the way; returns -1. */
static int
fail_local(const struct transport *transport, const char *reason,
    struct outcome *outcome)
{
	outcome_set(
	    outcome, STATUS_UNTRIED, "from %s: %s", transport->from, reason);
	return -1;
}

static int
look_up_local(struct transport *transport, const struct options *options,
    struct outcome *outcome)
{
	struct addrinfo hints = {.ai_family = options_family(options),
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE};
	struct address_name name;
	const char *reason;

	if (options->bind == NULL)
		return 0;
	if (address_parse(&name, options->bind, &reason) == 0)
		reason = look_up(&transport->local, name.host,
		    name.port[0] != '\0' ? name.port : "0", &hints);
	return reason == NULL ? 0 : fail_local(transport, reason, outcome);
}

static int
open_command(
    struct transport *transport, const char *command, struct outcome *outcome)
{
	const char *reason;

	if (words_split(&transport->command, command, &reason) == 0)
		return 0;
	outcome_set(outcome, STATUS_UNREACHABLE, "%s", reason);
	return -1;
}

int
transport_open(struct transport *transport, const char *host,
    const struct options *options, struct outcome *outcome)
{
	*transport = (struct transport){
	    .from = options->bind, .connect_timeout = options->connect_timeout};
	if (options->command != NULL)
		return open_command(transport, options->command, outcome);
	if (look_up_remote(transport, host, options, outcome) == 0 &&
	    look_up_local(transport, options, outcome) == 0)
		return 0;
	transport_close(transport);
	return -1;
}

void
transport_close(struct transport *transport)
{
	if (transport->remote != NULL)
		freeaddrinfo(transport->remote);
	if (transport->local != NULL)
		freeaddrinfo(transport->local);
	transport->remote = transport->local = NULL;
	words_release(&transport->command);
}

/* Take the local address of the same family.  Returns 0, or -1 with errno. */
static int
bind_local(int fd, const struct addrinfo *local, int family)
{
	const int yes = 1;

	if (local == NULL)
		return 0;
	while (local != NULL && local->ai_family != family)
		local = local->ai_next;
	if (local == NULL) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	/* A port of one's choice must be free for the next connection. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == -1)
		return -1;
	return bind(fd, local->ai_addr, local->ai_addrlen);
}

/* Returns what poll() does when something has come, or the time is over. */
static int
await(const struct transport *transport, struct pollfd *wait, io_time deadline)
{
	io_time since = io_now(), now = since;
	int ready = 0;

	while (ready == 0 && now < deadline && !interrupt_caught()) {
		ready = io_poll(
		    wait, 1, now + TICK < deadline ? now + TICK : deadline);
		now = io_now();
		if (ready == 0 && transport->show != NULL)
			transport->show(transport->context, since);
	}
	return ready;
}

/* Wait for a connection under way.  Returns 0, or -1 with errno. */
static int
await_connection(const struct transport *transport, int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t length = sizeof(int);
	int ready =
	    await(transport, &wait, io_now() + transport->connect_timeout);
	int error;

	if (ready == -1)
		return -1;
	error = ready == 0 ? ETIMEDOUT : 0;
	if (interrupt_caught())
		error = EINTR;
	if (error == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
connect_socket(
    const struct transport *transport, int fd, const struct addrinfo *remote)
{
	const int yes = 1;

	if (io_close_on_exec(fd) == -1 || io_set_blocking(fd, 0) == -1)
		return -1;
	/* Where there is no such option nothing waits for it either. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(fd, remote->ai_addr, remote->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS && errno != EINTR)
		return -1;
	return await_connection(transport, fd);
}

/* Add to the outcome what became of one address. */
static void
note_failure(struct outcome *outcome, const struct addrinfo *remote, int error)
{
	char address[ADDRESS_TEXT];
	size_t length;

	if (outcome->status != STATUS_UNREACHABLE)
		outcome_set(outcome, STATUS_UNREACHABLE, "%s", "");
	length = strlen(outcome->text);
	snprintf(outcome->text + length, sizeof(outcome->text) - length,
	    "%s%s: %s", length > 0 ? "; " : "",
	    address_print(address, remote->ai_addr, remote->ai_addrlen),
	    strerror(error));
}

/* The same of the local address, which is told where nothing else is. */
static void
note_local(
    struct outcome *outcome, const struct transport *transport, int error)
{
	/* An address of the other family says more than that it is none. */
	if (outcome->status == STATUS_UNTRIED &&
	    (outcome->text[0] == '\0' || error != EAFNOSUPPORT))
		(void)fail_local(transport, strerror(error), outcome);
}

/* Returns a descriptor, or -1 with the reason added to the outcome. */
static int
connect_one(const struct addrinfo *remote, const struct transport *transport,
    struct outcome *outcome)
{
	int fd =
	    socket(remote->ai_family, remote->ai_socktype, remote->ai_protocol);

	if (fd != -1 &&
	    bind_local(fd, transport->local, remote->ai_family) == -1)
		note_local(outcome, transport, errno);
	else if (fd != -1 && connect_socket(transport, fd, remote) == 0)
		return fd;
	else
		note_failure(outcome, remote, errno);
	if (fd != -1)
		close(fd);
	return -1;
}

/* Returns a descriptor, or -1 with outcome. */
static int
connect_any(const struct transport *transport, struct outcome *outcome)
{
	const struct addrinfo *remote = transport->remote;

	outcome_set(outcome, STATUS_UNTRIED, "%s", "");
	for (; remote != NULL && !interrupt_caught();
	     remote = remote->ai_next) {
		int fd = connect_one(remote, transport, outcome);

		if (fd != -1)
			return fd;
	}
	return -1;
}

/* The command's name, for messages, which escape it. */
static const char *
name_of(const struct transport *transport)
{
	return transport->command.items[0];
}

static int
start_command(const struct transport *transport, struct transport_link *link,
    struct outcome *outcome)
{
	struct command command;

	if (command_start(&command, transport->command.items) == 0) {
		*link = (struct transport_link){
		    command.in, command.out, command.pid};
		return 0;
	}
	outcome_set(outcome, STATUS_UNREACHABLE, "cannot run %.512s: %s",
	    name_of(transport), strerror(errno));
	return -1;
}

int
transport_connect(const struct transport *transport,
    struct transport_link *link, struct outcome *outcome)
{
	int fd;

	if (transport->command.count > 0)
		return start_command(transport, link, outcome);
	fd = connect_any(transport, outcome);
	*link = (struct transport_link){fd, fd, 0};
	return fd == -1 ? -1 : 0;
}

/* How the command ended, as command_end has it. */
static void
describe_end(char *buffer, size_t size, int status)
{
	if (status == -1)
		snprintf(buffer, size, "closed the connection");
	else if (WIFSIGNALED(status))
		snprintf(buffer, size, "ended by signal %d", WTERMSIG(status));
	else
		snprintf(
		    buffer, size, "ended with status %d", WEXITSTATUS(status));
}

void
transport_disconnect(const struct transport *transport,
    struct transport_link *link, int greeted, struct outcome *outcome)
{
	struct command command = {link->pid, link->in, link->out};
	char end[64];

	if (link->pid == 0) {
		close(link->in);
		return;
	}
	describe_end(end, sizeof(end), command_end(&command));
	if (outcome->status == STATUS_LOST)
		outcome_set(outcome, greeted ? STATUS_LOST : STATUS_UNREACHABLE,
		    "%.512s %s%s", name_of(transport), end,
		    greeted ? "" : " before the server had greeted");
}
