/* SPDX-License-Identifier: ISC */
/* What the master says of its children in the log. */
#ifndef SERVER_PROCESS_REPORT_H
#define SERVER_PROCESS_REPORT_H

#include <stdint.h>

#include "server/process/children.h"
#include "server/shared/scoreboard.h"

/*
 * Log how a child ended, by its wait status, after so many milliseconds.
 * Returns nonzero unless it is one of the ends that a worker comes to by
 * itself.
 */
int report_end(const struct child *child, int status, int64_t age);

/* Log what each worker is doing.  children and board have the same slots. */
void report_workers(
    const struct children *children, const struct scoreboard *board);

#endif
