/* SPDX-License-Identifier: ISC */
/* Log how children end, and what workers do. */
#include "server/process/report.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/address.h"
#include "common/log.h"
#include "common/text.h"
#include "server/process/worker.h"

#define CAUSE 128

/* Print the cause.  Returns nonzero if the end was abnormal. */
static int
print_cause(char cause[CAUSE], int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == WORKER_DONE)
		snprintf(cause, CAUSE, "done");
	else if (code == WORKER_CUT)
		snprintf(cause, CAUSE, "a transfer was cut");
	else if (code == WORKER_SICK)
		snprintf(cause, CAUSE,
		    "out of memory or descriptors, or a sync failed");
	else if (code == WORKER_UNSTAGED)
		snprintf(cause, CAUSE, "staging directory was removed");
	else if (code == WORKER_FATAL)
		snprintf(cause, CAUSE, "listening socket failed");
	else if (code != -1)
		snprintf(cause, CAUSE, "exit status %d", code);
	else
		snprintf(cause, CAUSE, "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	return code != WORKER_DONE && code != WORKER_CUT &&
	    code != WORKER_UNSTAGED;
}

int
report_end(const struct child *child, int status, int64_t age)
{
	const char *name = child->kind == CHILD_WORKER ? "worker" : "sweep";
	char after[TEXT_NUMBER], cause[CAUSE];
	int abnormal = print_cause(cause, status);

	text_duration(after, age);
	/* If the master stopped the sweep, its signal is not an error. */
	if (!abnormal ||
	    (child->kind == CHILD_SWEEP && child->stage != CHILD_RUNS))
		log_debug("%s %ld ended after %s: %s", name, (long)child->pid,
		    after, cause);
	else
		log_error("%s %ld ended after %s: %s", name, (long)child->pid,
		    after, cause);
	return abnormal;
}

static char *
print_peer(char text[ADDRESS_TEXT], const struct address_ip *peer)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (memcmp(peer->bytes, mapped, sizeof(mapped)) == 0) {
		memcpy(&four.sin_addr, peer->bytes + sizeof(mapped), 4);
		four.sin_port = htons(peer->port);
		return address_print(
		    text, (const struct sockaddr *)&four, sizeof(four));
	}
	memcpy(&six.sin6_addr, peer->bytes, sizeof(peer->bytes));
	six.sin6_port = htons(peer->port);
	return address_print(text, (const struct sockaddr *)&six, sizeof(six));
}

static void
report_worker(
    const struct child *child, const struct scoreboard *board, size_t slot)
{
	const char *stopping = child->stage == CHILD_RUNS ? "" : ", stopping";
	char text[ADDRESS_TEXT];
	struct address_ip peer;
	uint32_t connections;

	if (scoreboard_read(board, slot, &peer, &connections))
		log_info("worker %ld: serving %s, connection %ju%s",
		    (long)child->pid, print_peer(text, &peer),
		    (uintmax_t)connections, stopping);
	else
		log_info("worker %ld: idle after %ju connections%s",
		    (long)child->pid, (uintmax_t)connections, stopping);
}

void
report_workers(const struct children *children, const struct scoreboard *board)
{
	for (size_t i = 0; i < children->count && i < board->count; i++)
		if (children->slots[i].pid != 0 &&
		    children->slots[i].kind == CHILD_WORKER)
			report_worker(&children->slots[i], board, i);
}
