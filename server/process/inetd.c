/* SPDX-License-Identifier: ISC */
/* Serve one connection on standard input and output, as for inetd(8). */
#include "server/process/inetd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "server/process/configure.h"
#include "server/process/refusal.h"
#include "server/process/sandbox.h"
#include "server/session/session.h"
#include "server/shared/inode.h"
#include "server/shared/signals.h"
#include "server/store/sender.h"
#include "server/store/space.h"
#include "server/store/sweep.h"

struct peer {
	int is_ip;	      /* standard input is an IPv4 or IPv6 socket */
	struct address_ip ip; /* of the socket or SSH_CONNECTION, else zeros */
	char name[ADDRESS_TEXT];
};

/*
 * Nonzero if fd is the same file as standard error, and not a terminal or
 * another character device.
 */
static int
is_connection(int fd, const struct stat *errors)
{
	struct stat found;

	return fstat(fd, &found) == 0 && !S_ISCHR(found.st_mode) &&
	    inode_is_same(&found, errors);
}

static int
open_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/*
 * Redirect the descriptors first to last to null.  If that fails, close them.
 * Then close null.
 */
static void
redirect(int first, int last, int null)
{
	for (int fd = first; fd <= last; fd++)
		if (null == -1 || dup2(null, fd) == -1)
			close(fd);
	if (null > STDERR_FILENO)
		close(null);
}

int
inetd_choose_log(struct options *options)
{
	struct stat errors;
	int shared = fstat(STDERR_FILENO, &errors) == 0 &&
	    (is_connection(STDIN_FILENO, &errors) ||
		is_connection(STDOUT_FILENO, &errors));

	if (shared) {
		redirect(STDERR_FILENO, STDERR_FILENO, open_null());
		options->to_syslog = 1;
	}
	if (!options->to_syslog && !options->verbose)
		options->quiet = 1;
	return shared;
}

static enum session_stop
check_stop(void *argument)
{
	(void)argument;
	if (signals_pending(SIGINT) || signals_pending(SIGQUIT))
		return SESSION_CUT;
	return signals_pending(SIGTERM) || signals_pending(SIGHUP)
	    ? SESSION_DRAIN
	    : SESSION_RUN;
}

/*
 * Parse "ADDRESS PORT ..." from SSH_CONNECTION, which sshd(8) sets.  Returns 0,
 * or -1.
 */
static int
read_ssh_connection(struct peer *peer)
{
	static const struct addrinfo numeric = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	const char *text = getenv("SSH_CONNECTION");
	char host[ADDRESS_HOST], port[6];
	struct addrinfo *found;

	if (text == NULL || sscanf(text, "%255s %5s", host, port) != 2 ||
	    getaddrinfo(host, port, &numeric, &found) != 0)
		return -1;
	address_print(peer->name, found->ai_addr, found->ai_addrlen);
	(void)address_ip_of(&peer->ip, found->ai_addr);
	freeaddrinfo(found);
	return 0;
}

static void
identify_peer(struct peer *peer)
{
	struct sockaddr_storage address;
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t length = sizeof(address);

	memset(&address, 0, sizeof(address));
	memset(&peer->ip, 0, sizeof(peer->ip));
	peer->is_ip = getpeername(STDIN_FILENO, any, &length) == 0 &&
	    address_ip_of(&peer->ip, any) == 0;
	if (peer->is_ip)
		address_print(peer->name, any, length);
	else if (read_ssh_connection(peer) == -1)
		snprintf(peer->name, sizeof(peer->name), "stdin");
}

/* Nonzero if the descriptor is in blocking mode. */
static int
is_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_NONBLOCK) == 0;
}

static void
refuse(const struct session_config *config, const struct peer *peer)
{
	struct refusals refusals = {.count = 0};
	struct outcome outcome;
	int fd = dup(STDOUT_FILENO);

	outcome_set(&outcome, STATUS_REFUSED, "address not admitted");
	if (fd == -1)
		return;
	refusal_add(&refusals, fd, peer->name, config->max_size, &outcome);
	(void)io_poll(NULL, 0, io_now() + REFUSAL_TIME);
	refusal_expire(&refusals, IO_NEVER);
}

static enum session_end
serve(const struct session_config *config, const struct access *access,
    const struct peer *peer)
{
	const int on = 1;

	/* Ignore the error if this is not a TCP socket. */
	(void)setsockopt(
	    STDOUT_FILENO, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!peer->is_ip || access_admits(access, &peer->ip))
		return session_run(
		    config, STDIN_FILENO, STDOUT_FILENO, peer->name);
	refuse(config, peer);
	return SESSION_DONE;
}

/*
 * Serve in nonblocking mode.  Then restore the mode, because other processes
 * may share the descriptors.
 */
static enum session_end
serve_nonblocking(const struct session_config *config,
    const struct access *access, const struct peer *peer)
{
	int in_blocks = is_blocking(STDIN_FILENO);
	int out_blocks = is_blocking(STDOUT_FILENO);
	enum session_end end = SESSION_SICK;

	if (io_set_blocking(STDIN_FILENO, 0) == -1 ||
	    io_set_blocking(STDOUT_FILENO, 0) == -1)
		log_error("cannot serve %s: %s", peer->name, strerror(errno));
	else
		end = serve(config, access, peer);
	if (in_blocks)
		(void)io_set_blocking(STDIN_FILENO, 1);
	if (out_blocks)
		(void)io_set_blocking(STDOUT_FILENO, 1);
	return end;
}

enum master_exit
inetd_run(const struct options *options, const struct access *access,
    struct store *store)
{
	struct session_config config = {.stop = check_stop};
	enum session_end end;
	struct peer peer;
	int null = open_null();

	configure_session(&config, options, store);
	umask(store->mask);
	space_share_sync();
	signals_init();
	signals_unblock();
	identify_peer(&peer);
	config.sender = sender_of(store, &peer.ip);
	(void)sandbox_enter(store, 0);
	log_debug("%s: connected", peer.name);
	end = serve_nonblocking(&config, access, &peer);
	/* Do not let the client wait for the sweep. */
	redirect(STDIN_FILENO, STDOUT_FILENO, null);
	log_debug("%s: disconnected", peer.name);
	if (sweep_abandoned(store) == -1)
		log_warn(
		    "cannot sweep the staging directory: %s", strerror(errno));
	if (end == SESSION_WAS_CUT)
		return MASTER_CUT;
	return end == SESSION_SICK || end == SESSION_UNSTAGED ? MASTER_OTHER
							      : MASTER_CLEAN;
}
