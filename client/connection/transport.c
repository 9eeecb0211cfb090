/* SPDX-License-Identifier: ISC */
/* Connect to the server: by TCP, or over a command. */
#include "client/connection/transport.h"

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

/* Set the outcome of a look-up.  Returns 0, or -1. */
static int
set_lookup_outcome(const struct transport *transport, enum lookup_event event,
    const char *way, const char *name, const char *reason,
    struct outcome *outcome)
{
	char shown[ADDRESS_HOST], time[TEXT_NUMBER];

	text_escape(shown, sizeof(shown), name, strlen(name), TEXT_UTF8);
	switch (event) {
	case LOOKUP_FOUND:
		return 0;
	case LOOKUP_FAILED:
		outcome_set(
		    outcome, STATUS_UNTRIED, "%s %s: %s", way, shown, reason);
		return -1;
	case LOOKUP_TIMEOUT:
		outcome_set(outcome, STATUS_UNREACHABLE,
		    "no answer to the look-up of %s in %s", shown,
		    text_duration(time, transport->connect_timeout));
		return -1;
	default:
		outcome_set(outcome, STATUS_CANCELLED, "interrupted");
		return -1;
	}
}

static int
look_up_remote(struct transport *transport, const char *host,
    const struct options *options, io_time deadline, struct outcome *outcome)
{
	struct addrinfo hints = {
	    .ai_family = options_family(options), .ai_socktype = SOCK_STREAM};
	const char *reason = NULL;
	enum lookup_event event = lookup(
	    &transport->remote, host, options->port, &hints, deadline, &reason);

	return set_lookup_outcome(
	    transport, event, "to", host, reason, outcome);
}

static int
look_up_local(struct transport *transport, const struct options *options,
    io_time deadline, struct outcome *outcome)
{
	struct addrinfo hints = {.ai_family = options_family(options),
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE};
	enum lookup_event event = LOOKUP_FAILED;
	struct address_name name;
	const char *reason;

	if (options->bind == NULL)
		return 0;
	if (address_parse(&name, options->bind, &reason) == 0)
		event = lookup(&transport->local, name.host,
		    name.port[0] != '\0' ? name.port : "0", &hints, deadline,
		    &reason);
	return set_lookup_outcome(
	    transport, event, "from", options->bind, reason, outcome);
}

/* The connection failed because of the local address. */
static void
fail_local(const struct transport *transport, const char *reason,
    struct outcome *outcome)
{
	outcome_set(
	    outcome, STATUS_UNTRIED, "from %s: %s", transport->from, reason);
}

static int
open_command(
    struct transport *transport, const char *command, struct outcome *outcome)
{
	const char *reason;

	if (command_words_split(&transport->command, command, &reason) == 0)
		return 0;
	outcome_set(outcome, STATUS_UNREACHABLE, "%s", reason);
	return -1;
}

int
transport_open(struct transport *transport, const char *host,
    const struct options *options, struct outcome *outcome)
{
	io_time begun = io_now(), deadline = begun + options->connect_timeout;

	memset(transport, 0, sizeof(*transport));
	transport->from = options->bind;
	transport->connect_timeout = options->connect_timeout;
	if (options->command != NULL)
		return open_command(transport, options->command, outcome);
	if (look_up_remote(transport, host, options, deadline, outcome) == -1 ||
	    look_up_local(transport, options, deadline, outcome) == -1)
		return -1;
	transport->spent = io_now() - begun;
	return 0;
}

void
transport_close(struct transport *transport)
{
	command_words_release(&transport->command);
}

static const struct sockaddr *
address_of(const struct lookup_address *address)
{
	return (const struct sockaddr *)&address->address;
}

/* Bind to the local address of this family.  Returns 0, or -1 with errno. */
static int
bind_local(int fd, const struct lookup *local, int family)
{
	const struct lookup_address *end = local->addresses + local->count;
	const struct lookup_address *next = local->addresses;
	const int yes = 1;

	if (local->count == 0)
		return 0;
	while (next < end && next->address.ss_family != family)
		next++;
	if (next == end) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	/* If the user chose a port, the next connection needs it, too. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == -1)
		return -1;
	return bind(fd, address_of(next), next->length);
}

/* Add the failure of a remote address to the outcome. */
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
		address, address_of(link->remote), link->remote->length),
	    strerror(error));
	return TRANSPORT_FAILED;
}

/* Note the failure of a local address, unless a remote one has failed. */
static enum transport_event
fail_bind(
    const struct transport *transport, struct transport_link *link, int error)
{
	struct outcome *outcome = &link->outcome;

	/* EAFNOSUPPORT explains the least: it replaces no other error. */
	if (outcome->status == STATUS_UNTRIED &&
	    (outcome->text[0] == '\0' || error != EAFNOSUPPORT))
		fail_local(transport, strerror(error), outcome);
	return TRANSPORT_FAILED;
}

/* Try the next address. */
static enum transport_event
try_remote(const struct transport *transport, struct transport_link *link)
{
	const int yes = 1;
	const struct lookup_address *remote = link->remote;
	int family = remote->address.ss_family;
	int fd = socket(family, SOCK_STREAM, 0);

	link->in = link->out = fd;
	link->due = io_now() + transport->connect_timeout - link->spent;
	link->spent = 0;
	if (fd == -1 || io_close_on_exec(fd) == -1 ||
	    io_set_blocking(fd, 0) == -1)
		return fail_remote(link, errno);
	if (bind_local(fd, &transport->local, family) == -1)
		return fail_bind(transport, link, errno);
	/* If this fails, TCP may delay small frames. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (connect(fd, address_of(remote), remote->length) == 0)
		return TRANSPORT_CONNECTED;
	return errno == EINPROGRESS || errno == EINTR
	    ? TRANSPORT_CONNECTING
	    : fail_remote(link, errno);
}

/* Check the address that is being tried. */
static enum transport_event
check_remote(struct transport_link *link)
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
	const struct lookup *remote = &transport->remote;

	while (link->remote < remote->addresses + remote->count) {
		enum transport_event event = link->in == -1
		    ? try_remote(transport, link)
		    : check_remote(link);

		if (event != TRANSPORT_FAILED)
			return event;
		if (link->in != -1)
			close(link->in);
		link->in = link->out = -1;
		link->remote++;
	}
	return TRANSPORT_FAILED;
}

/* The command's name.  Messages are escaped when they are printed. */
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
transport_begin(struct transport *transport, struct transport_link *link)
{
	*link = (struct transport_link){.in = -1,
	    .out = -1,
	    .remote = transport->remote.addresses,
	    .spent = transport->spent};
	transport->spent = 0;
	outcome_set(&link->outcome, STATUS_UNTRIED, "%s", "");
}

enum transport_event
transport_connect(
    const struct transport *transport, struct transport_link *link)
{
	return transport->command.count > 0 ? start_command(transport, link)
					    : connect_any(transport, link);
}

/* Describe how the command exited.  command_end returned status. */
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
	const struct linger reset = {1, 0};
	char end[64];

	if (link->pid == 0) {
		/* Without a reset, a worker could still read queued bytes. */
		if (link->in != -1 && !greeted)
			(void)setsockopt(link->in, SOL_SOCKET, SO_LINGER,
			    &reset, sizeof(reset));
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
