/* SPDX-License-Identifier: ISC */
/* The sockets that ftxd listens on. */
#ifndef SERVER_PROCESS_LISTENER_H
#define SERVER_PROCESS_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/settings.h"
#include "server/settings/options.h"

#define LISTENER_MAX 64

/*
 * How long an idle worker waits before it looks around; milliseconds.  A lone
 * socket blocks so long in accept; of several none blocks, and poll waits.
 */
#define LISTENER_TICK 1000

struct listeners {
	int fds[LISTENER_MAX];
	char names[LISTENER_MAX][ADDRESS_TEXT];
	size_t count;
	int beyond_loopback; /* other hosts can reach one of them */
};

/*
 * Bind and listen as options say; of several with port 0 all get the same.
 * Returns 0, or -1 with error, and nothing is open.
 */
int listener_open(struct listeners *listeners, const struct options *options,
    char error[SETTINGS_ERROR]);

/*
 * Close them, and where the system can do that, end them in all processes that
 * share them.
 */
void listener_shut(struct listeners *listeners);

/* Close them in this process. */
void listener_close(struct listeners *listeners);

/*
 * Write one line for each to the descriptor.  Returns 0, or -1 with errno.
 */
int listener_print(const struct listeners *listeners, int fd, uint64_t workers,
    const char *directory, int synced);

#endif
