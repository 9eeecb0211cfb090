/* SPDX-License-Identifier: ISC */
/* A worker process: accepts and serves one connection after another. */
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

/*
 * A shortage: accept() fails for lack of descriptors or memory.  The worker
 * waits and tries again.
 */
#define SHORTAGE_WAIT 100 /* milliseconds between two attempts */
#define SHORTAGE_TRIES 50 /* the most failures */
#define SHORTAGE_LOG 5000 /* milliseconds between two log lines */
/* If more connections in a row fail in accept(), act as in a shortage. */
#define LOST_MAX 100

struct loop {
	struct worker *worker;
	struct session_config session;
	size_t turn;	  /* the socket to try first; sockets take turns */
	int shortages;	  /* since the last accepted connection */
	int lost;	  /* connections that failed in accept(), in a row */
	io_time next_log; /* log no shortage before */
	struct refusals refusals;
	int cut; /* the stop cut a transfer */
};

struct peer {
	int fd;
	struct address_ip ip;
	char name[ADDRESS_TEXT];
};

/*
 * Check the signals, and whether the master still runs.  If the worker must not
 * accept another connection, close the listening sockets.
 */
static enum session_stop
check_stop(void *argument)
{
	const struct worker *worker = argument;
	enum session_stop stop = SESSION_RUN;

	if (signals_pending(SIGINT) || signals_pending(SIGQUIT))
		stop = SESSION_CUT;
	else if (signals_pending(SIGTERM) || getppid() != worker->master)
		stop = SESSION_DRAIN;
	if (stop != SESSION_RUN || signals_pending(SIGHUP))
		listener_close(worker->listeners);
	return stop;
}

/*
 * If there is one socket, return it.  If there are several, wait, and return
 * the next one with a connection, or -1 with errno.
 */
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

/* Wait for a peer, LISTENER_TICK at most.  Returns 0, or -1 with errno. */
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

/*
 * Set the timeout and the blocking mode: on some systems the new socket
 * inherits them from the listening socket.
 */
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

/*
 * Wait SHORTAGE_WAIT, so that other processes can free resources.  Returns 0 to
 * try again, or -1 after the last attempt.
 */
static int
wait_out(struct loop *loop, int error)
{
	io_time now = io_now();

	if (now >= loop->next_log) {
		log_warn("cannot accept a connection: %s", strerror(error));
		loop->next_log = now + SHORTAGE_LOG;
	}
	if (++loop->shortages >= SHORTAGE_TRIES)
		return -1;
	return io_poll(NULL, 0, now + SHORTAGE_WAIT) == -1 ? -1 : 0;
}

/*
 * Return if the worker may call accept() again; otherwise exit.  A network
 * error affects only one connection.  Source: accept(2) and POSIX.
 */
static void
handle_accept_error(struct loop *loop, int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (wait_out(loop, error) != 0)
			_exit(WORKER_SICK);
		break;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EFAULT:
		/* When the master stops, it shuts the sockets down. */
		if (check_stop(loop->worker) != SESSION_RUN)
			break;
		log_error("listening socket failed: %s", strerror(error));
		_exit(WORKER_FATAL);
	case EAGAIN:
	case EINTR:
		loop->lost = 0;
		break;
	default:
		/* If the error persists, wait: do not loop at full speed. */
		if (++loop->lost > LOST_MAX && wait_out(loop, error) != 0)
			_exit(WORKER_SICK);
	}
}

/* Returns nonzero if the peer may be served; otherwise 0 with outcome. */
static int
admit(const struct worker *worker, const struct peer *peer,
    struct outcome *outcome)
{
	size_t connections;

	if (!access_admits(worker->access, &peer->ip)) {
		outcome_set(outcome, STATUS_REFUSED, "address not admitted");
		return 0;
	}
	connections = scoreboard_count_host(worker->board, &peer->ip);
	if (connections <= options_per_host(worker->options))
		return 1;
	outcome_set(outcome, STATUS_BUSY,
	    "this host has %zu connection%s already, as many as it may have",
	    connections - 1, connections == 2 ? "" : "s");
	return 0;
}

/* Run the session of an admitted peer. */
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
handle_peer(struct loop *loop, const struct peer *peer)
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
accepts_more(const struct loop *loop, uint64_t served)
{
	uint64_t most = loop->worker->options->max_connections;

	if (most != 0 && served >= most)
		return 0;
	check_stop(loop->worker);
	return loop->worker->listeners->count > 0;
}

void
worker_run(struct worker *worker)
{
	struct loop loop = {.worker = worker};
	struct peer peer;
	uint64_t served = 0;

	configure_session(&loop.session, worker->options, worker->store);
	loop.session.stop = check_stop;
	loop.session.argument = worker;
	loop.session.board = worker->board;
	loop.session.slot = worker->slot;
	loop.session.comparers = options_comparers(worker->options);
	umask(worker->store->mask);
	signals_clear();
	signals_unblock();
	scoreboard_set_idle(worker->board, worker->slot);
	while (accepts_more(&loop, served)) {
		refusal_expire(&loop.refusals, io_now());
		if (accept_peer(&loop, &peer) == -1) {
			handle_accept_error(&loop, errno);
			continue;
		}
		loop.shortages = loop.lost = 0;
		handle_peer(&loop, &peer);
		served++;
	}
	refusal_expire(&loop.refusals, IO_NEVER);
	_exit(loop.cut ? WORKER_CUT : WORKER_DONE);
}
