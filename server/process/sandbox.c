/* SPDX-License-Identifier: ISC */
/* What ftxd gives up, so that a mistake in it, once found, is of little use. */
#include "server/process/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/os.h"

static void
limit_core(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		log_warn("no limit on core files: %s", strerror(errno));
}

static void
limit_files(void)
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
	log_warn("no limit on descriptors: %s", strerror(errno));
}

void
sandbox_limit(void)
{
	limit_core();
	limit_files();
}

static void
log_guards(unsigned guards)
{
	log_info("guards of the workers: no core files%s%s%s%s",
	    (guards & OS_GUARD_PRIVILEGES) != 0 ? ", no new privileges" : "",
	    (guards & OS_GUARD_FILES) != 0 ? ", Landlock: files" : "",
	    (guards & OS_GUARD_TCP) != 0 ? ", TCP" : "",
	    (guards & OS_GUARD_SIGNALS) != 0 ? ", signals" : "");
}

unsigned
sandbox_try(const struct store *store)
{
	unsigned guards = 0;
	int status = 0;
	pid_t ended, pid = fork();

	if (pid == 0)
		_exit((int)os_confine(store->root));
	do
		ended = pid == -1 ? -1 : waitpid(pid, &status, 0);
	while (ended == -1 && errno == EINTR);
	if (ended == -1)
		log_warn("guards not tried: %s", strerror(errno));
	else if (WIFEXITED(status))
		guards = (unsigned)WEXITSTATUS(status);
	log_guards(guards);
	return guards;
}

int
sandbox_enter(const struct store *store, unsigned guards)
{
	if ((os_confine(store->root) & guards) == guards)
		return 0;
	log_error("the guards do not stand that stood at the start");
	return -1;
}
