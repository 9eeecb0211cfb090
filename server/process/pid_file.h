/* SPDX-License-Identifier: ISC */
/* The file that holds the master's process number, locked while it lives. */
#ifndef SERVER_PROCESS_PID_FILE_H
#define SERVER_PROCESS_PID_FILE_H

#include "common/settings.h"

struct pid_file {
	const char *path; /* not owned */
	int fd;
};

/*
 * Open, lock and write it.  Only the lock says who runs: nobody is ever
 * signalled by what such a file holds.  The lock belongs to this process and
 * not to its children.  Returns 0, or -1 with error.
 */
int pid_file_take(
    struct pid_file *file, const char *path, char error[SETTINGS_ERROR]);

/* Remove it, or empty it where that is not allowed; then unlock. */
void pid_file_give(struct pid_file *file);

#endif
