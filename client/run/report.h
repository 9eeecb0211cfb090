/* SPDX-License-Identifier: ISC */
/* Messages: what became of a file or a run, why, and what state is left. */
#ifndef CLIENT_RUN_REPORT_H
#define CLIENT_RUN_REPORT_H

#include "client/run/run.h"
#include "common/status.h"

/* Each counts, too, what it tells. */

/* A request was answered with success. */
void report_success(struct run *run, const struct request *request,
    enum status status, int durable);

/* The source of one that was stored is left; whether that is a failure. */
void report_unremoved(struct run *run, const struct request *request,
    int failed, const struct outcome *outcome);

/*
 * Report a file that an earlier run set aside in a directory.  If outcome is
 * NULL, it has its old name again, which is name; otherwise it is still set
 * aside under name.
 */
void report_restored(struct run *run, const char *directory, const char *name,
    const struct outcome *outcome);

/* A request failed, here or there. */
void report_failure(struct run *run, const struct request *request,
    const struct outcome *outcome);

/* A source is not sent: it was skipped, or could not be read. */
void report_source(struct run *run, const struct request *request,
    enum source_kind kind, const struct outcome *outcome);

/* Report that descriptors suffice for so many connections only. */
void report_streams(struct run *run, size_t streams);

/* The connection is lost, and will be made again. */
void report_again(
    struct run *run, const struct outcome *outcome, int64_t delay);

/* The target is one that no server takes, and no connection was made. */
void report_bad_target(struct run *run, const char *reason);

/* The run has ended early, and all its connections have. */
void report_end(struct run *run, const struct outcome *outcome);
void report_interrupt(struct run *run);

#endif
