/* SPDX-License-Identifier: ISC */
/* The listening sockets. */
#ifndef SERVER_PROCESS_LISTENER_H
#define SERVER_PROCESS_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/settings.h"
#include "server/settings/options.h"

#define LISTENER_MAX 64

/*
 * Milliseconds after which an idle worker checks its signals.  A single socket
 * has this timeout for accept(2); several are nonblocking, and poll(2) waits.
 */
#define LISTENER_TICK 1000

struct listeners {
	int fds[LISTENER_MAX];
	char names[LISTENER_MAX][ADDRESS_TEXT];
	size_t count;
	int beyond_loopback; /* another host can reach one of them */
};

/*
 * Bind to the addresses in options and listen.  With port 0, all addresses get
 * the same free port.  Returns 0; or -1 with error and nothing open.
 */
int listener_open(struct listeners *listeners, const struct options *options,
    char error[SETTINGS_ERROR]);

/*
 * Close them, and on systems where shutdown(2) permits it, stop listening in
 * all processes that share them.
 */
void listener_shut(struct listeners *listeners);

/* Close them in this process. */
void listener_close(struct listeners *listeners);

/* Write a line for each socket to fd.  Returns 0, or -1 with errno. */
int listener_print(const struct listeners *listeners, int fd, uint64_t workers,
    const char *directory, int synced);

#endif
