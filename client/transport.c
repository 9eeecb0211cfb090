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

#include "common/address.h"
#include "common/io.h"
#include "common/text.h"

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

/* Add to the outcome what became of the address that was tried. */
static enum transport_event
fail_remote(struct transport_link *link, int error)
{
	struct outcome *outcome = &link->outcome;
	char address[ADDRESS_TEXT];
	size_t length;

	if (outcome->status != STATUS_UNREACHABLE)
		outcome_set(outcome, STATUS_UNREACHABLE, "%s", "");
	length = strlen(outcome->text);
	snprintf(outcome->text + length, sizeof(outcome->text) - length,
	    "%s%s: %s", length > 0 ? "; " : "",
	    address_print(
		address, link->remote->ai_addr, link->remote->ai_addrlen),
	    strerror(error));
	return TRANSPORT_FAILED;
}

/* The same of the local address, which is told where nothing else is. */
static enum transport_event
note_local(
    const struct transport *transport, struct transport_link *link, int error)
{
	struct outcome *outcome = &link->outcome;

	/* An address of the other family says more than that it is none. */
	if (outcome->status == STATUS_UNTRIED &&
	    (outcome->text[0] == '\0' || error != EAFNOSUPPORT))
		(void)fail_local(transport, strerror(error), outcome);
	return TRANSPORT_FAILED;
}

/* Try the next address. */
static enum transport_event
try_remote(const struct transport *transport, struct transport_link *link)
{
	const int yes = 1;
	const struct addrinfo *remote = link->remote;
	int fd =
	    socket(remote->ai_family, remote->ai_socktype, remote->ai_protocol);

	link->in = link->out = fd;
	link->due = io_now() + transport->connect_timeout;
	if (fd == -1 || io_close_on_exec(fd) == -1 ||
	    io_set_blocking(fd, 0) == -1)
		return fail_remote(link, errno);
	if (bind_local(fd, transport->local, remote->ai_family) == -1)
		return note_local(transport, link, errno);
	/* Where there is no such option nothing waits for it either. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(fd, remote->ai_addr, remote->ai_addrlen) == 0)
		return TRANSPORT_CONNECTED;
	return errno == EINPROGRESS || errno == EINTR
	    ? TRANSPORT_CONNECTING
	    : fail_remote(link, errno);
}

/* What has become of the address that is being tried? */
static enum transport_event
look_at(struct transport_link *link)
{
	struct pollfd wait = {.fd = link->out, .events = POLLOUT};
	socklen_t length = sizeof(int);
	io_time now = io_now();
	int error = 0, ready = io_poll(&wait, 1, now);

	if (ready == 0)
		return now < link->due ? TRANSPORT_CONNECTING
				       : fail_remote(link, ETIMEDOUT);
	if (ready == -1 ||
	    getsockopt(link->out, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
		error = errno;
	return error == 0 ? TRANSPORT_CONNECTED : fail_remote(link, error);
}

static enum transport_event
connect_any(const struct transport *transport, struct transport_link *link)
{
	while (link->remote != NULL) {
		enum transport_event event = link->in == -1
		    ? try_remote(transport, link)
		    : look_at(link);

		if (event != TRANSPORT_FAILED)
			return event;
		if (link->in != -1)
			close(link->in);
		link->in = link->out = -1;
		link->remote = link->remote->ai_next;
	}
	return TRANSPORT_FAILED;
}

/* The command's name, for messages, which escape it. */
static const char *
name_of(const struct transport *transport)
{
	return transport->command.items[0];
}

static enum transport_event
start_command(const struct transport *transport, struct transport_link *link)
{
	struct command command;

	if (command_start(&command, transport->command.items) == -1) {
		outcome_set(&link->outcome, STATUS_UNREACHABLE,
		    "cannot run %.512s: %s", name_of(transport),
		    strerror(errno));
		return TRANSPORT_FAILED;
	}
	link->in = command.in;
	link->out = command.out;
	link->pid = command.pid;
	return TRANSPORT_CONNECTED;
}

void
transport_begin(const struct transport *transport, struct transport_link *link)
{
	*link = (struct transport_link){
	    .in = -1, .out = -1, .remote = transport->remote};
	outcome_set(&link->outcome, STATUS_UNTRIED, "%s", "");
}

enum transport_event
transport_connect(
    const struct transport *transport, struct transport_link *link)
{
	return transport->command.count > 0 ? start_command(transport, link)
					    : connect_any(transport, link);
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
		if (link->in != -1)
			close(link->in);
		return;
	}
	describe_end(end, sizeof(end), command_end(&command));
	if (outcome->status == STATUS_LOST)
		outcome_set(outcome, greeted ? STATUS_LOST : STATUS_UNREACHABLE,
		    "%.512s %s%s", name_of(transport), end,
		    greeted ? "" : " before the server had greeted");
}
