/* SPDX-License-Identifier: ISC */
/* The listening sockets. */
#include "server/process/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/text.h"

/* The most attempts to find a port that is free on all addresses. */
#define PORT_TRIES 16

/* One attempt to open all sockets. */
struct opening {
	struct listeners *listeners;
	const struct options *options;
	in_port_t picked; /* chosen by the system, network order; or 0 */
	int clash;	  /* picked is in use on another address */
	char *error;
};

static int
set_options(int fd, const struct addrinfo *target)
{
	int on = 1;

	if (io_close_on_exec(fd) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	if (target->ai_family != AF_INET6)
		return 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
}

static int
bind_and_listen(const struct addrinfo *target, int backlog)
{
	int error;
	int fd = socket(target->ai_family, SOCK_STREAM, 0);

	if (fd == -1)
		return -1;
	if (set_options(fd, target) == 0 &&
	    bind(fd, target->ai_addr, target->ai_addrlen) == 0 &&
	    listen(fd, backlog) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Add a bound socket and its address.  If any_port is set, keep its port. */
static int
add(struct opening *opening, int fd, int any_port)
{
	struct listeners *listeners = opening->listeners;
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	struct address_ip ip;

	if (getsockname(fd, (struct sockaddr *)&bound, &length) == -1 ||
	    address_ip_of(&ip, (struct sockaddr *)&bound) != 0)
		return -1;
	if (!address_is_loopback(&ip))
		listeners->beyond_loopback = 1;
	if (any_port)
		opening->picked = htons(ip.port);
	address_print(listeners->names[listeners->count],
	    (struct sockaddr *)&bound, length);
	listeners->fds[listeners->count++] = fd;
	return 0;
}

static void
set_error(struct opening *opening, const struct addrinfo *target, int error)
{
	char text[ADDRESS_TEXT], bare[ADDRESS_HOST] = "";

	if (error == EADDRNOTAVAIL &&
	    getnameinfo(target->ai_addr, target->ai_addrlen, bare, sizeof(bare),
		NULL, 0, NI_NUMERICHOST) == 0)
		snprintf(opening->error, SETTINGS_ERROR,
		    "%.200s: not an address of this host (to admit that client "
		    "instead: -o allow=%.200s)",
		    bare, bare);
	else
		snprintf(opening->error, SETTINGS_ERROR, "%s: %s",
		    address_print(text, target->ai_addr, target->ai_addrlen),
		    strerror(error));
}

/* A name can resolve to the same address twice. */
static int
is_repeated(const struct addrinfo *all, const struct addrinfo *one)
{
	for (; all != one; all = all->ai_next)
		if (all->ai_addrlen == one->ai_addrlen &&
		    memcmp(all->ai_addr, one->ai_addr, one->ai_addrlen) == 0)
			return 1;
	return 0;
}

/* Some addresses of a name may not exist on this host. */
static int
is_unavailable(int error)
{
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

static in_port_t *
port_of(struct sockaddr *address)
{
	if (address->sa_family == AF_INET6)
		return &((struct sockaddr_in6 *)(void *)address)->sin6_port;
	return &((struct sockaddr_in *)(void *)address)->sin_port;
}

/* Returns 0, or an error number that opening->error describes. */
static int
open_one(struct opening *opening, const struct addrinfo *found)
{
	struct addrinfo target = *found;
	struct sockaddr_storage address;
	int any, fd, error;

	if (opening->listeners->count == LISTENER_MAX) {
		snprintf(opening->error, SETTINGS_ERROR,
		    "more than %d addresses to listen on", LISTENER_MAX);
		return EMFILE;
	}
	memcpy(&address, found->ai_addr, found->ai_addrlen);
	target.ai_addr = (struct sockaddr *)&address;
	any = *port_of(target.ai_addr) == 0;
	if (any)
		*port_of(target.ai_addr) = opening->picked;
	fd = bind_and_listen(&target, (int)opening->options->backlog);
	if (fd != -1 && add(opening, fd, any) == 0)
		return 0;
	error = errno;
	opening->clash = any && error == EADDRINUSE;
	set_error(opening, &target, error);
	if (fd != -1)
		close(fd);
	return error;
}

static int
open_found(struct opening *opening, const struct addrinfo *found)
{
	size_t before = opening->listeners->count;
	const struct addrinfo *target;

	for (target = found; target != NULL; target = target->ai_next) {
		int error =
		    is_repeated(found, target) ? 0 : open_one(opening, target);

		if (error != 0 && !is_unavailable(error))
			return -1;
	}
	return opening->listeners->count > before ? 0 : -1;
}

static int
family(const struct options *options)
{
	if (options->ipv4_only)
		return AF_INET;
	return options->ipv6_only ? AF_INET6 : AF_UNSPEC;
}

static int
open_address(struct opening *opening, const char *text)
{
	struct addrinfo hints = {.ai_family = family(opening->options),
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found;
	struct address_name name;
	const char *reason, *port;
	int status;

	if (address_parse(&name, text, &reason) != 0) {
		snprintf(
		    opening->error, SETTINGS_ERROR, "%.200s: %s", text, reason);
		return -1;
	}
	port = name.port[0] != '\0' ? name.port : opening->options->port;
	status = getaddrinfo(name.host, port, &hints, &found);
	if (status != 0) {
		snprintf(opening->error, SETTINGS_ERROR, "%s: %s", name.host,
		    status == EAI_SYSTEM ? strerror(errno)
					 : gai_strerror(status));
		return -1;
	}
	status = open_found(opening, found);
	freeaddrinfo(found);
	return status;
}

static int
open_all(struct opening *opening)
{
	const struct options *options = opening->options;

	if (options->addresses.count == 0)
		return open_address(
		    opening, options->ipv6_only ? "::1" : "127.0.0.1");
	for (size_t i = 0; i < options->addresses.count; i++)
		if (open_address(opening, options->addresses.items[i]) != 0)
			return -1;
	return 0;
}

static int
set_accept_mode(const struct listeners *listeners)
{
	struct timeval tick = {.tv_sec = LISTENER_TICK / 1000};

	if (listeners->count == 1)
		return setsockopt(listeners->fds[0], SOL_SOCKET, SO_RCVTIMEO,
		    &tick, sizeof(tick));
	for (size_t i = 0; i < listeners->count; i++)
		if (io_set_blocking(listeners->fds[i], 0) == -1)
			return -1;
	return 0;
}

int
listener_open(struct listeners *listeners, const struct options *options,
    char error[SETTINGS_ERROR])
{
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		struct opening opening = {
		    .listeners = listeners, .options = options, .error = error};

		memset(listeners, 0, sizeof(*listeners));
		if (open_all(&opening) == 0) {
			if (set_accept_mode(listeners) == 0)
				return 0;
			snprintf(error, SETTINGS_ERROR, "%s: %s",
			    listeners->names[0], strerror(errno));
		}
		listener_close(listeners);
		if (!opening.clash)
			break;
	}
	return -1;
}

void
listener_shut(struct listeners *listeners)
{
	/*
	 * On some systems shutdown(2) ends a listening socket in all processes.
	 * New clients are then refused at once.  Otherwise they would wait for
	 * a busy worker that stops after its current client.
	 */
	for (size_t i = 0; i < listeners->count; i++)
		(void)shutdown(listeners->fds[i], SHUT_RD);
	listener_close(listeners);
}

void
listener_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		close(listeners->fds[i]);
	listeners->count = 0;
}

int
listener_print(const struct listeners *listeners, int fd, uint64_t workers,
    const char *directory, int synced)
{
	char place[8192], line[sizeof(place) + 256];

	text_escape(
	    place, sizeof(place), directory, strlen(directory), TEXT_UTF8);
	for (size_t i = 0; i < listeners->count; i++) {
		snprintf(line, sizeof(line),
		    "ftxd: listening on %s, %ju worker%s, receiving into %s, "
		    "%s\n",
		    listeners->names[i], (uintmax_t)workers,
		    workers == 1 ? "" : "s", place,
		    synced ? "synced" : "not synced");
		if (io_write_all(fd, line, strlen(line)) != 0)
			return -1;
	}
	return 0;
}
