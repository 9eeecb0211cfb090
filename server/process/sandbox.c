/* SPDX-License-Identifier: ISC */
/* Restrict the processes that talk to clients, in case one is exploited. */
#include "server/process/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/os.h"

static void
disable_core_files(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		log_warn("cannot disable core files: %s", strerror(errno));
}

static void
limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		if (limit.rlim_cur < SANDBOX_FILES_LEAST)
			limit.rlim_cur = SANDBOX_FILES_LEAST;
		if (limit.rlim_cur > SANDBOX_FILES_MOST)
			limit.rlim_cur = SANDBOX_FILES_MOST;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return;
	}
	log_warn("cannot limit descriptors: %s", strerror(errno));
}

void
sandbox_set_limits(void)
{
	disable_core_files();
	limit_descriptors();
}

static void
log_parts(unsigned parts)
{
	log_info("worker sandbox: no core files%s%s%s%s",
	    (parts & OS_SANDBOX_PRIVILEGES) != 0 ? ", no new privileges" : "",
	    (parts & OS_SANDBOX_FILES) != 0 ? ", Landlock: files" : "",
	    (parts & OS_SANDBOX_TCP) != 0 ? ", TCP" : "",
	    (parts & OS_SANDBOX_SIGNALS) != 0 ? ", signals" : "");
}

unsigned
sandbox_probe(const struct store *store)
{
	unsigned parts = 0;
	int status = 0;
	pid_t ended, pid = fork();

	if (pid == 0)
		_exit((int)os_sandbox_enter(store->root));
	do
		ended = pid == -1 ? -1 : waitpid(pid, &status, 0);
	while (ended == -1 && errno == EINTR);
	if (ended == -1)
		log_warn("cannot probe the sandbox: %s", strerror(errno));
	else if (WIFEXITED(status))
		parts = (unsigned)WEXITSTATUS(status);
	log_parts(parts);
	return parts;
}

int
sandbox_enter(const struct store *store, unsigned required)
{
	unsigned missing = required & ~os_sandbox_enter(store->root);

	if (missing == 0)
		return 0;
	log_error("sandbox is weaker than at start: %s unavailable",
	    (missing & OS_SANDBOX_PRIVILEGES) != 0 ? "no_new_privs"
						   : "Landlock");
	return -1;
}
