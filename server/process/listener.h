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
 * An idle worker checks its signals after this time, in milliseconds.  If there
 * is one socket, it is the timeout of accept(2).  If there are several, they
 * are nonblocking, and it is the timeout of poll(2).
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
 * Close the sockets.  If the system supports shutdown(2) of listening sockets,
 * also stop listening in all processes that share them.
 */
void listener_shut(struct listeners *listeners);

/* Close the sockets in this process only. */
void listener_close(struct listeners *listeners);

/*
 * Write a line for each socket to fd.  synced is nonzero if stored files are
 * synced.  Returns 0, or -1 with errno.
 */
int listener_print(const struct listeners *listeners, int fd, uint64_t workers,
    const char *directory, int synced);

#endif
