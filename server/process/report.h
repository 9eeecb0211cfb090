/* SPDX-License-Identifier: ISC */
/* Log how children end, and what workers do. */
#ifndef SERVER_PROCESS_REPORT_H
#define SERVER_PROCESS_REPORT_H

#include <stdint.h>

#include "server/process/children.h"
#include "server/shared/scoreboard.h"

/*
 * Log the end of a child, given its wait status and its age in milliseconds.
 * Returns nonzero if the end was abnormal: a signal, or a status other than
 * WORKER_DONE, WORKER_CUT and WORKER_UNSTAGED.
 */
int report_end(const struct child *child, int status, int64_t age);

/* Log what each worker does.  Both arguments use the same slot numbers. */
void report_workers(
    const struct children *children, const struct scoreboard *board);

#endif
