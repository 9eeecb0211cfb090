/* SPDX-License-Identifier: ISC */
/* Report results to the user: messages, lines for programs, and counts. */
#ifndef CLIENT_RUN_REPORT_H
#define CLIENT_RUN_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "client/display/events.h"
#include "client/display/progress.h"
#include "client/run/remote.h"
#include "client/run/request.h"
#include "client/run/tally.h"
#include "client/settings/options.h"
#include "client/sources/source.h"
#include "common/status.h"

struct report {
	const struct options *options; /* neither is owned */
	const struct remote *remote;
	struct tally tally;
	struct progress progress;
	struct events events;
	int successes; /* print a line for each success */
	int unsynced;  /* the warning about files not synced was printed */
};

void report_init(struct report *report, const struct options *options,
    const struct remote *remote);
void report_release(struct report *report);

/* Each of these functions also counts the source, unless noted. */

/* The server reports success. */
void report_success(struct report *report, const struct request *request,
    enum status status, int durable);

/* The request failed, on this side or on the server's. */
void report_failure(struct report *report, const struct request *request,
    const struct outcome *outcome);

/* The source was not sent: it was skipped, or could not be read. */
void report_unsent(struct report *report, const struct request *request,
    enum source_kind kind, const struct outcome *outcome);

/*
 * The file was stored, but its source was not removed.  If failed is set, count
 * this for the exit status.
 */
void report_unremoved(struct report *report, const struct request *request,
    int failed, const struct outcome *outcome);

/*
 * Report a file that an earlier run set aside in a directory.  If outcome is
 * NULL, the file has its old name again, which is name.  Otherwise it is still
 * set aside under name.
 */
void report_restored(struct report *report, const char *directory,
    const char *name, const struct outcome *outcome);

/*
 * The run ended with this outcome before the source had a result.  If what is
 * not NULL, print it on standard error.  The tally does not change: tally_end
 * counts the end of the run.
 */
void report_rest(struct report *report, const struct source *source,
    int uncertain, const struct outcome *outcome, const char *what);

/* The following functions do not report a single source. */

/* The limit on descriptors reduced the connections to this number. */
void report_streams(struct report *report, size_t streams);

/* The connection was lost.  ftx connects again after delay milliseconds. */
void report_retry(
    struct report *report, const struct outcome *outcome, int64_t delay);

/*
 * Why all of the run failed, or a part of it: "host: connection lost".  Returns
 * buffer.
 */
#define REPORT_CAUSE 4096
char *report_cause(const struct report *report, char buffer[REPORT_CAUSE],
    const char *subject, const struct outcome *outcome);

/* ", run again" or ", run again later" if that may help, otherwise "". */
const char *report_advice(enum status status);

/* Print a line on standard error. */
void __attribute__((format(printf, 2, 3)))
report_print(struct report *report, const char *format, ...);

#endif
