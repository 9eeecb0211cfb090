/* SPDX-License-Identifier: ISC */
/* Start the server with its settings, and run it until it stops. */
#include "server/process/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/status.h"
#include "common/text.h"
#include "server/process/background.h"
#include "server/process/configure.h"
#include "server/process/inetd.h"
#include "server/process/pid_file.h"
#include "server/process/place.h"
#include "server/process/sandbox.h"
#include "server/process/user.h"
#include "server/store/sender.h"

/* The resources of the server; release() frees them. */
struct server {
	struct options *options; /* not owned */
	struct access access;
	struct listeners listeners;
	struct store store;
	struct pid_file pid_file;
	int lifeline; /* of background_begin; -1: in the foreground */
	mode_t mask;  /* the umask that ftxd was started with */
	char place[PLACE_PATH];
	char error[SETTINGS_ERROR];
};

/* Standard error was the connection.  It is redirected: log errors instead. */
static int stderr_is_lost;

enum master_exit
start_fail(const char *reason, enum master_exit status)
{
	char text[2 * STATUS_TEXT];

	text_escape(text, sizeof(text), reason, strlen(reason), TEXT_UTF8);
	if (stderr_is_lost)
		log_error("%s", text);
	else
		fprintf(stderr, "ftxd: %s\n", text);
	return status;
}

/* Open the receiving directory; create the default one if it is missing. */
static int
open_directory(
    struct server *server, const struct user *user, struct outcome *outcome)
{
	const struct options *options = server->options;
	const char *directory = options->directory;

	if (directory == NULL) {
		directory = PLACE_DEFAULT;
		if (place_create_default(server->mask,
			options->user != NULL ? user : NULL) != 0) {
			outcome_set_errno(outcome, errno, directory);
			return -1;
		}
	}
	place_resolve(server->place, directory);
	server->store.path = server->place;
	return store_open(&server->store, directory, outcome);
}

/*
 * Open the receiving directory before changing the user, who may not be able to
 * reach it.  Create the staging directory afterwards: it belongs to that user.
 */
static enum master_exit
enter_directory(struct server *server, const struct user *user)
{
	const struct options *options = server->options;
	struct outcome outcome;

	if (open_directory(server, user, &outcome) != 0)
		return start_fail(outcome.text, MASTER_DIRECTORY);
	if (options->user != NULL && user_become(user) != 0) {
		snprintf(server->error, sizeof(server->error),
		    "cannot become user %.200s: %s", options->user,
		    strerror(errno));
		return start_fail(server->error, MASTER_OTHER);
	}
	if (store_enter(&server->store, &outcome) != 0)
		return start_fail(outcome.text, MASTER_DIRECTORY);
	sender_learn_secret(&server->store);
	return MASTER_CLEAN;
}

/* Acquire all resources of the master. */
static enum master_exit
prepare_master(struct server *server, const struct user *user)
{
	const struct options *options = server->options;

	if (options->background) {
		server->lifeline = background_begin();
		if (server->lifeline == -1)
			return start_fail(strerror(errno), MASTER_OTHER);
	}
	if (options->pid_file != NULL &&
	    pid_file_create(
		&server->pid_file, options->pid_file, server->error) != 0)
		return start_fail(server->error, MASTER_OTHER);
	if (listener_open(&server->listeners, options, server->error) != 0)
		return start_fail(server->error, MASTER_LISTEN);
	return enter_directory(server, user);
}

static void
warn_if_insecure(const struct server *server)
{
	if (server->listeners.beyond_loopback &&
	    server->options->allow.count == 0)
		log_warn("any host that can connect may store files here; "
			 "restrict this with -o allow=NETWORK");
	if (server->options->user == NULL && geteuid() == 0)
		log_warn("running as root; name another user with -u");
}

static void
print_listening(const struct server *server)
{
	const struct options *options = server->options;

	if (listener_print(&server->listeners, STDOUT_FILENO, options->workers,
		server->place, store_unsynced(&server->store) == NULL) != 0)
		log_warn("standard output: %s", strerror(errno));
}

static enum master_exit
run_master(struct server *server, int argc, char *const argv[])
{
	struct master master = {.argc = argc,
	    .argv = argv,
	    .options = server->options,
	    .access = &server->access,
	    .listeners = &server->listeners,
	    .store = &server->store,
	    .inherited_umask = server->mask,
	    .private_descriptors = {server->pid_file.fd, server->lifeline}};

	warn_if_insecure(server);
	if (master_start(&master) != 0)
		return start_fail(strerror(errno), MASTER_OTHER);
	print_listening(server);
	if (server->lifeline != -1) {
		if (background_ready(server->lifeline) != 0)
			log_warn(
			    "cannot go to the background: %s", strerror(errno));
		master.private_descriptors[1] = -1;
	}
	return master_run(&master);
}

static enum master_exit
start_master(struct server *server, const struct user *user, int argc,
    char *const argv[])
{
	enum master_exit status = prepare_master(server, user);

	return status == MASTER_CLEAN ? run_master(server, argc, argv) : status;
}

static enum master_exit
start_inetd(struct server *server, const struct user *user)
{
	enum master_exit status = enter_directory(server, user);

	if (status != MASTER_CLEAN)
		return status;
	configure_store(&server->store, server->options, server->mask);
	return inetd_run(server->options, &server->access, &server->store);
}

static void
release(struct server *server)
{
	pid_file_remove(&server->pid_file);
	listener_close(&server->listeners);
	store_close(&server->store);
	access_release(&server->access);
}

enum master_exit
start_server(struct options *options, int argc, char *const argv[])
{
	static struct server server = {.pid_file = {.fd = -1},
	    .store = {.root = -1, .staging = -1},
	    .lifeline = -1};
	enum master_exit status;
	struct user user;

	server.options = options;
	server.mask = umask(022);
	if (options->inetd)
		stderr_is_lost = inetd_choose_log(options);
	configure_log(options);
	if (access_init(&server.access, &options->allow, &options->deny,
		server.error) != 0 ||
	    (options->user != NULL &&
		user_find(&user, options->user, server.error) != 0)) {
		status = start_fail(server.error, MASTER_USAGE);
	} else if (options->test) {
		status = MASTER_CLEAN;
	} else {
		sandbox_set_limits();
		status = options->inetd
		    ? start_inetd(&server, &user)
		    : start_master(&server, &user, argc, argv);
	}
	release(&server);
	return status;
}
