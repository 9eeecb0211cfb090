/* SPDX-License-Identifier: ISC */
/* A TCP proxy in a child process that spoils, slows or cuts a connection. */
#include "tests/lab/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/os.h"
#include "tests/lab/way.h"

#define LINKS 256 /* connections at once */

struct link {
	int client, server; /* -1: not yet */
	io_time open;	    /* when the client's handshake is over */
	io_time connect;    /* when to connect to the server */
	struct way up, down;
};

static int
loopback_socket(struct sockaddr_in *address, unsigned port)
{
	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_port = htons((uint16_t)port);
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
prepare(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return io_set_blocking(fd, 0);
}

static void
link_close(struct link *link, int reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	int fds[2] = {link->client, link->server};

	for (int i = 0; i < 2; i++) {
		if (fds[i] < 0)
			continue;
		if (reset)
			(void)setsockopt(
			    fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fds[i]);
	}
	way_release(&link->up);
	way_release(&link->down);
	link->client = link->server = -1;
}

static int
link_connect(struct link *link, unsigned target)
{
	struct sockaddr_in address;

	link->server = loopback_socket(&address, target);
	if (link->server < 0)
		return -1;
	if (connect(link->server, (struct sockaddr *)&address,
		sizeof(address)) != 0)
		return -1;
	return prepare(link->server);
}

static void
link_accept(
    struct link *link, int fd, const struct proxy_plan *plan, int faulty)
{
	io_time now = io_now();

	link->client = fd;
	link->server = -1;
	link->open = now;
	if (plan->handshake)
		link->open += plan->up.delay + plan->down.delay;
	link->connect = link->open + (plan->handshake ? plan->up.delay : 0);
	way_init(&link->up, &plan->up, faulty);
	way_init(&link->down, &plan->down, faulty);
}

/* When the link must next act without an event. */
static io_time
link_due(const struct link *link, io_time now)
{
	io_time due = link->server < 0 ? link->connect : IO_NEVER;
	io_time up = way_due(&link->up, now), down = way_due(&link->down, now);

	due = up < due ? up : due;
	return down < due ? down : due;
}

static void
link_watch(const struct link *link, struct pollfd polled[2], io_time now)
{
	polled[0].fd = link->client;
	polled[0].events = way_events(&link->up, &link->down, now);
	polled[1].fd = link->server;
	polled[1].events = way_events(&link->down, &link->up, now);
	/* poll(2) always reports a hang-up, which would spin the loop. */
	for (int i = 0; i < 2; i++) {
		polled[i].revents = 0;
		if (polled[i].events == 0)
			polled[i].fd = -1;
	}
}

static atomic_ulong *passed;

/* Returns 0, or -1 if a read or a write failed. */
static int
link_move_up(struct link *link, const struct pollfd polled[2])
{
	uint64_t before = link->up.passed;
	int result = way_move(&link->up, link->client, polled[0].revents,
	    link->server, polled[1].revents, link->open);

	atomic_fetch_add(passed, (unsigned long)(link->up.passed - before));
	return result;
}

static void
link_move(struct link *link, const struct pollfd polled[2], unsigned target)
{
	int end;

	if (link->server < 0 && io_now() >= link->connect &&
	    link_connect(link, target) != 0) {
		link_close(link, 1);
		return;
	}
	if (link_move_up(link, polled) != 0 ||
	    (link->server >= 0 &&
		way_move(&link->down, link->server, polled[1].revents,
		    link->client, polled[0].revents, link->open) != 0)) {
		link_close(link, 1);
		return;
	}
	end = way_end(&link->up) | way_end(&link->down);
	if (end != 0 || (link->up.shut && link->down.shut))
		link_close(link, (end & 2) != 0);
}

static struct link links[LINKS];
static struct pollfd polled[1 + 2 * LINKS]; /* the listener, then links */

static volatile sig_atomic_t cut;

static void
request_cut(int number)
{
	(void)number;
	cut = 1;
}

static void
cut_all(void)
{
	cut = 0;
	for (int i = 0; i < LINKS; i++)
		if (links[i].client >= 0)
			link_close(&links[i], 0);
}

/* Fill polled.  Returns the deadline; sets *unused to a free link, or -1. */
static io_time
watch_all(io_time now, int *unused)
{
	io_time due = IO_NEVER;

	*unused = -1;
	for (int i = 0; i < LINKS; i++) {
		struct pollfd *pair = &polled[1 + 2 * i];

		pair[0].fd = pair[1].fd = -1;
		if (links[i].client < 0) {
			*unused = i;
			continue;
		}
		link_watch(&links[i], pair, now);
		if (link_due(&links[i], now) < due)
			due = link_due(&links[i], now);
	}
	return due;
}

static void
serve(int listener, const struct proxy_plan *plan, unsigned target)
{
	int accepted = 0, unused;

	for (int i = 0; i < LINKS; i++)
		links[i].client = -1;
	for (;;) {
		io_time due = watch_all(io_now(), &unused);

		polled[0].fd = unused < 0 ? -1 : listener;
		polled[0].events = POLLIN;
		if (io_poll(polled, 1 + 2 * LINKS, due) < 0)
			_exit(1);
		if (cut) {
			cut_all();
			continue;
		}
		for (int i = 0; i < LINKS; i++)
			if (links[i].client >= 0)
				link_move(
				    &links[i], &polled[1 + 2 * i], target);
		if (unused >= 0 && (polled[0].revents & POLLIN) != 0) {
			int fd = accept(listener, NULL, NULL);

			if (fd < 0 || prepare(fd) != 0)
				continue;
			link_accept(&links[unused], fd, plan,
			    plan->faulty == 0 || accepted < plan->faulty);
			accepted++;
		}
	}
}

int
proxy_start(struct proxy *proxy, const struct proxy_plan *plan, unsigned target)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	struct sigaction noted = {.sa_handler = request_cut};
	int listener = loopback_socket(&address, 0);

	if (listener < 0)
		return -1;
	if (bind(listener, (struct sockaddr *)&address, length) != 0 ||
	    listen(listener, LINKS) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		goto fail;
	proxy->port = ntohs(address.sin_port);
	passed = os_shared_memory(sizeof(*passed));
	proxy->passed = passed;
	if (passed == NULL)
		goto fail;
	proxy->pid = fork();
	if (proxy->pid < 0)
		goto fail;
	if (proxy->pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGTERM, SIG_DFL);
		sigaction(SIGUSR1, &noted, NULL);
		serve(listener, plan, target);
	}
	close(listener);
	return 0;
fail:
	close(listener);
	return -1;
}

int
proxy_cut(const struct proxy *proxy)
{
	return kill(proxy->pid, SIGUSR1);
}

int
proxy_stop(struct proxy *proxy)
{
	int status;

	if (kill(proxy->pid, SIGTERM) != 0 ||
	    waitpid(proxy->pid, &status, 0) != proxy->pid)
		return -1;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? 0 : -1;
}
