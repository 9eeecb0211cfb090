/* SPDX-License-Identifier: ISC */
/* The accept loop: one connection after the other, until told to stop. */
#include "server/process/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "server/process/configure.h"
#include "server/process/refusal.h"
#include "server/session/session.h"
#include "server/shared/signals.h"
#include "server/store/sender.h"

/* Without descriptors or memory: how long to wait, how often, when to say. */
#define SHORT_WAIT 100
#define SHORT_TRIES 50
#define SHORT_REPORT 5000
/* So many connections in a row may be lost before that is a shortage, too. */
#define LOST_AT_ONCE 100

struct loop {
	struct worker *worker;
	struct session_config session;
	size_t turn;	     /* the listener that is looked at first */
	int shortages;	     /* in a row */
	int lost;	     /* connections that could not be had, in a row */
	io_time next_report; /* of a shortage */
	struct refusals refusals;
	int cut;
};

struct peer {
	int fd;
	struct address_ip ip;
	char name[ADDRESS_TEXT];
};

/* How far to stop; whoever learns that it must listens no more. */
static enum session_stop
look_around(void *argument)
{
	const struct worker *worker = argument;
	enum session_stop stop = SESSION_RUN;

	if (signals_came(SIGINT) || signals_came(SIGQUIT))
		stop = SESSION_CUT;
	else if (signals_came(SIGTERM) || getppid() != worker->master)
		stop = SESSION_DRAIN;
	if (stop != SESSION_RUN || signals_came(SIGHUP))
		listener_close(worker->listeners);
	return stop;
}

/* Returns the next listener that is ready, or -1 with errno. */
static int
choose_listener(struct loop *loop)
{
	const struct listeners *listeners = loop->worker->listeners;
	struct pollfd polled[LISTENER_MAX];
	size_t count = listeners->count;

	if (count == 1)
		return listeners->fds[0];
	for (size_t i = 0; i < count; i++)
		polled[i] =
		    (struct pollfd){.fd = listeners->fds[i], .events = POLLIN};
	if (io_poll(polled, count, io_now() + LISTENER_TICK) == -1)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t next = (loop->turn + i) % count;

		if (polled[next].revents != 0) {
			loop->turn = next + 1;
			return listeners->fds[next];
		}
	}
	errno = EAGAIN;
	return -1;
}

/* Wait for a peer for one tick.  Returns 0, or -1 with errno. */
static int
accept_peer(struct loop *loop, struct peer *peer)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int listener = choose_listener(loop);

	if (listener == -1)
		return -1;
	memset(&address, 0, sizeof(address));
	peer->fd = accept(listener, (struct sockaddr *)&address, &length);
	if (peer->fd == -1)
		return -1;
	if (address_ip_of(&peer->ip, (struct sockaddr *)&address) != 0) {
		close(peer->fd);
		errno = ECONNABORTED;
		return -1;
	}
	address_print(peer->name, (struct sockaddr *)&address, length);
	return 0;
}

/* Some systems hand the listener's time-out and mode down. */
static int
prepare_socket(int fd)
{
	struct timeval never = {0, 0};
	int on = 1;

	if (io_close_on_exec(fd) == -1 || io_set_blocking(fd, 0) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never)) ==
	    -1)
		return -1;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Out of something that others may give back.  Returns -1 to give up. */
static int
sit_out(struct loop *loop, int error)
{
	io_time now = io_now();

	if (now >= loop->next_report) {
		log_warn("cannot accept a connection: %s", strerror(error));
		loop->next_report = now + SHORT_REPORT;
	}
	if (++loop->shortages >= SHORT_TRIES)
		return -1;
	return io_poll(NULL, 0, now + SHORT_WAIT) == -1 ? -1 : 0;
}

/*
 * After accept failed: go on, or end with that status.  What a network brings
 * about concerns one connection, that is gone.  Source: accept(2), and POSIX.
 */
static void
check_accept(struct loop *loop, int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (sit_out(loop, error) != 0)
			_exit(WORKER_SICK);
		break;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EFAULT:
		/* The master shuts the listeners down when it stops. */
		if (look_around(loop->worker) != SESSION_RUN)
			break;
		log_error("cannot listen any more: %s", strerror(error));
		_exit(WORKER_FATAL);
	case EAGAIN:
	case EINTR:
		loop->lost = 0;
		break;
	default:
		/* What never ends must not keep a processor busy. */
		if (++loop->lost > LOST_AT_ONCE && sit_out(loop, error) != 0)
			_exit(WORKER_SICK);
	}
}

/* Returns nonzero if the peer is to be served; else outcome says why not. */
static int
admit(const struct worker *worker, const struct peer *peer,
    struct outcome *outcome)
{
	size_t there;

	if (!access_admits(worker->access, &peer->ip)) {
		outcome_set(outcome, STATUS_REFUSED, "address not admitted");
		return 0;
	}
	there = scoreboard_count_host(worker->board, &peer->ip);
	if (there <= options_per_host(worker->options))
		return 1;
	outcome_set(outcome, STATUS_BUSY,
	    "this host has %zu connection%s already, as many as it may have",
	    there - 1, there == 2 ? "" : "s");
	return 0;
}

/* Serve an admitted peer to its end. */
static void
serve(struct loop *loop, const struct peer *peer)
{
	enum session_end end;

	refusal_expire(&loop->refusals, IO_NEVER);
	loop->session.sender = sender_of(loop->worker->store, &peer->ip);
	end = session_run(&loop->session, peer->fd, peer->fd, peer->name);
	close(peer->fd);
	if (end == SESSION_SICK)
		_exit(WORKER_SICK);
	if (end == SESSION_UNSTAGED)
		_exit(WORKER_UNSTAGED);
	if (end == SESSION_WAS_CUT)
		loop->cut = 1;
}

static void
receive_peer(struct loop *loop, const struct peer *peer)
{
	const struct worker *worker = loop->worker;
	struct outcome outcome;

	log_debug("%s: connected", peer->name);
	scoreboard_begin(worker->board, worker->slot, &peer->ip);
	if (prepare_socket(peer->fd) == -1) {
		log_debug("%s: %s", peer->name, strerror(errno));
		close(peer->fd);
	} else if (admit(worker, peer, &outcome))
		serve(loop, peer);
	else
		refusal_add(&loop->refusals, peer->fd, peer->name,
		    loop->session.max_size, &outcome);
	scoreboard_end(worker->board, worker->slot);
	log_debug("%s: disconnected", peer->name);
}

static int
may_go_on(const struct loop *loop, uint64_t served)
{
	uint64_t most = loop->worker->options->max_connections;

	if (most != 0 && served >= most)
		return 0;
	look_around(loop->worker);
	return loop->worker->listeners->count > 0;
}

void
worker_run(struct worker *worker)
{
	struct loop loop = {.worker = worker};
	struct peer peer;
	uint64_t served = 0;

	configure_session(&loop.session, worker->options, worker->store);
	loop.session.stop = look_around;
	loop.session.argument = worker;
	loop.session.board = worker->board;
	loop.session.slot = worker->slot;
	loop.session.comparers = options_comparers(worker->options);
	umask(worker->store->mask);
	signals_forget();
	signals_unblock();
	scoreboard_wait(worker->board, worker->slot);
	while (may_go_on(&loop, served)) {
		refusal_expire(&loop.refusals, io_now());
		if (accept_peer(&loop, &peer) == -1) {
			check_accept(&loop, errno);
			continue;
		}
		loop.shortages = loop.lost = 0;
		receive_peer(&loop, &peer);
		served++;
	}
	refusal_expire(&loop.refusals, IO_NEVER);
	_exit(loop.cut ? WORKER_CUT : WORKER_DONE);
}
