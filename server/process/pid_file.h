/* SPDX-License-Identifier: ISC */
/* The pid file, which stays locked while the master runs. */
#ifndef SERVER_PROCESS_PID_FILE_H
#define SERVER_PROCESS_PID_FILE_H

#include "common/settings.h"

struct pid_file {
	const char *path; /* not owned */
	int fd;
};

/*
 * Create the file, lock it, and write the process number to it.  The lock shows
 * that a master runs; ftxd never reads the number.  Children do not inherit the
 * lock.  Returns 0, or -1 with error.
 */
int pid_file_create(
    struct pid_file *file, const char *path, char error[SETTINGS_ERROR]);

/* Remove the file, or empty it if it cannot be removed; then unlock it. */
void pid_file_remove(struct pid_file *file);

#endif
