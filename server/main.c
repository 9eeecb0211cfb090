/* SPDX-License-Identifier: ISC */
/* ftxd: from its arguments to a running master. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/os.h"
#include "common/settings_print.h"
#include "common/text.h"
#include "server/process/background.h"
#include "server/process/configure.h"
#include "server/process/inetd.h"
#include "server/process/master.h"
#include "server/process/pid_file.h"
#include "server/process/place.h"
#include "server/process/sandbox.h"
#include "server/process/user.h"
#include "server/store/sender.h"

/* Descriptors that whoever started ftxd forgot to close end below that. */
#define INHERITED_MAX 1024

/* All that has to be made before the master runs, and let go of after it. */
struct server {
	struct options options;
	struct access access;
	struct listeners listeners;
	struct store store;
	struct pid_file pid_file;
	int lifeline; /* -1: in the foreground */
	mode_t mask;  /* of the process that started ftxd */
	char place[PLACE_PATH];
	char error[SETTINGS_ERROR];
};

/* Standard error was the connection, and is closed. */
static int unheard;

/* Say on standard error why ftxd does not start.  Returns status. */
static enum master_exit
complain(const char *why, enum master_exit status)
{
	char text[2 * STATUS_TEXT];

	text_escape(text, sizeof(text), why, strlen(why), TEXT_UTF8);
	if (unheard)
		log_error("%s", text);
	else
		fprintf(stderr, "ftxd: %s\n", text);
	return status;
}

/* Have 0, 1 and 2 open, so that no file is taken for one of them. */
static int
settle_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd == -1)
		return -1;
	for (fd = 3; fd < INHERITED_MAX; fd++)
		close(fd);
	return 0;
}

static enum master_exit
finish_output(void)
{
	if (fflush(stdout) == 0)
		return MASTER_CLEAN;
	return complain(strerror(errno), MASTER_OTHER);
}

static enum master_exit
print_usage(void)
{
	puts("usage: ftxd [-46BhiqsTVv] [-a address[:port]] [-b backlog] "
	     "[-C count]\n"
	     "            [-d directory] [-f file] [-o name[=value]] "
	     "[-P pid-file]\n"
	     "            [-p port] [-t seconds] [-u user[:group]] "
	     "[-w workers]");
	settings_usage(options_table, stdout);
	return finish_output();
}

static enum master_exit
print_version(void)
{
	puts("ftxd " FTX_VERSION);
	return finish_output();
}

static enum master_exit
print_settings(struct options *options)
{
	/* What is printed can be a file to start with. */
	options->test = 0;
	settings_print(options_table, options, stdout);
	if (!os_tells_mounts())
		puts(
		    "# This system does not tell mounts of the same file "
		    "system.\n# A mount below the directory is found only when "
		    "a file is published.");
	return finish_output();
}

/* Open the receiving directory; without -d it is made where it is missing. */
static int
open_directory(
    struct server *server, const struct user *user, struct outcome *outcome)
{
	const struct options *options = &server->options;
	const char *directory = options->directory;

	if (directory == NULL) {
		directory = PLACE_DEFAULT;
		if (place_make(server->mask,
			options->user != NULL ? user : NULL) != 0) {
			outcome_set_errno(outcome, errno, directory);
			return -1;
		}
	}
	place_resolve(server->place, directory);
	server->store.path = server->place;
	return store_open(&server->store, directory, outcome);
}

/* What is bound to root comes first, then the user, then the folder. */
static enum master_exit
enter(struct server *server, const struct user *user)
{
	const struct options *options = &server->options;
	struct outcome outcome;

	if (open_directory(server, user, &outcome) != 0)
		return complain(outcome.text, MASTER_DIRECTORY);
	if (options->user != NULL && user_assume(user) != 0) {
		snprintf(server->error, sizeof(server->error),
		    "cannot become user %.200s: %s", options->user,
		    strerror(errno));
		return complain(server->error, MASTER_OTHER);
	}
	if (store_enter(&server->store, &outcome) != 0)
		return complain(outcome.text, MASTER_DIRECTORY);
	sender_learn_secret(&server->store);
	return MASTER_CLEAN;
}

static enum master_exit
prepare(struct server *server, const struct user *user)
{
	const struct options *options = &server->options;

	if (options->inetd)
		return enter(server, user);
	if (options->background) {
		server->lifeline = background_begin();
		if (server->lifeline == -1)
			return complain(strerror(errno), MASTER_OTHER);
	}
	if (options->pid_file != NULL &&
	    pid_file_take(
		&server->pid_file, options->pid_file, server->error) != 0)
		return complain(server->error, MASTER_OTHER);
	if (listener_open(&server->listeners, options, server->error) != 0)
		return complain(server->error, MASTER_LISTEN);
	return enter(server, user);
}

static void
warn(const struct server *server)
{
	if (server->listeners.beyond_loopback &&
	    server->options.allow.count == 0)
		log_warn("whoever can reach this host may store files here; "
			 "admit only some with -o allow=NETWORK");
	if (server->options.user == NULL && geteuid() == 0)
		log_warn("running as root; name another user with -u");
}

static void
print_listening(const struct server *server)
{
	const struct options *options = &server->options;

	if (listener_print(&server->listeners, STDOUT_FILENO, options->workers,
		server->place, store_unsynced(&server->store) == NULL) != 0)
		log_warn("standard output: %s", strerror(errno));
}

static enum master_exit
run(struct server *server, int argc, char *const argv[])
{
	struct master master = {.argc = argc,
	    .argv = argv,
	    .options = &server->options,
	    .access = &server->access,
	    .listeners = &server->listeners,
	    .store = &server->store,
	    .inherited_umask = server->mask,
	    .private_descriptors = {server->pid_file.fd, server->lifeline}};

	warn(server);
	if (master_start(&master) != 0)
		return complain(strerror(errno), MASTER_OTHER);
	print_listening(server);
	if (server->lifeline != -1) {
		if (background_ready(server->lifeline) != 0)
			log_warn(
			    "going to the background: %s", strerror(errno));
		master.private_descriptors[1] = -1;
	}
	return master_run(&master);
}

static enum master_exit
serve_one(struct server *server)
{
	configure_store(&server->store, &server->options, server->mask);
	return inetd_run(&server->options, &server->access, &server->store);
}

static enum master_exit
serve(struct server *server, int argc, char *const argv[])
{
	struct user user;
	enum master_exit status;

	server->mask = umask(022);
	if (server->options.inetd)
		unheard = inetd_begin(&server->options);
	configure_log(&server->options);
	if (access_init(&server->access, &server->options.allow,
		&server->options.deny, server->error) != 0 ||
	    (server->options.user != NULL &&
		user_find(&user, server->options.user, server->error) != 0))
		return complain(server->error, MASTER_USAGE);
	if (server->options.test)
		return print_settings(&server->options);
	sandbox_limit();
	status = prepare(server, &user);
	if (status == MASTER_CLEAN && server->options.inetd)
		status = serve_one(server);
	else if (status == MASTER_CLEAN)
		status = run(server, argc, argv);
	pid_file_give(&server->pid_file);
	listener_close(&server->listeners);
	store_close(&server->store);
	return status;
}

int
main(int argc, char *argv[])
{
	static struct server server = {.pid_file = {.fd = -1},
	    .store = {.root = -1, .staging = -1},
	    .lifeline = -1};
	enum master_exit status;

	if (settle_descriptors() != 0)
		return complain("/dev/null cannot be opened", MASTER_OTHER);
	if (options_read(&server.options, argc, argv, server.error) != 0)
		status = complain(server.error, MASTER_USAGE);
	else if (server.options.help)
		status = print_usage();
	else if (server.options.version)
		status = print_version();
	else
		status = serve(&server, argc, argv);
	access_release(&server.access);
	options_release(&server.options);
	return (int)status;
}
