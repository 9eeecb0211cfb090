/* SPDX-License-Identifier: ISC */
/* Divide the descriptors that the process may open. */
#include "client/shared/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>

/*
 * Descriptors for short use: pipes while a command starts, and the directories
 * above a source while it is opened.
 */
#define SPARE 8

/* The fewest directories with which the walk works, though slower. */
#define DIRECTORIES_LEAST 2

void
descriptors_fit(
    struct descriptors *wanted, size_t per_stream, size_t limit, size_t used)
{
	size_t room = limit > used + SPARE ? limit - used - SPARE : 0;
	size_t most = room / 4;

	if (wanted->directories + wanted->streams * per_stream <= room)
		return;
	if (most < DIRECTORIES_LEAST)
		most = DIRECTORIES_LEAST;
	if (wanted->directories > most)
		wanted->directories = most;
	room = room > wanted->directories ? room - wanted->directories : 0;
	if (wanted->streams > room / per_stream)
		wanted->streams = room / per_stream;
	if (wanted->streams == 0)
		wanted->streams = 1;
}

/* How many descriptors below the limit are open. */
static size_t
count_open(size_t limit)
{
	size_t open = 0;

	for (size_t fd = 0; fd < limit; fd++)
		open += fcntl((int)fd, F_GETFD) != -1;
	return open;
}

void
descriptors_share(struct descriptors *wanted, size_t per_stream)
{
	/* The process may have inherited others: allow for twice as many. */
	rlim_t enough =
	    2 * (wanted->directories + wanted->streams * per_stream + SPARE);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= enough)
		return;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur =
		    limit.rlim_max < enough ? limit.rlim_max : enough;
		if (setrlimit(RLIMIT_NOFILE, &limit) == -1 &&
		    getrlimit(RLIMIT_NOFILE, &limit) == -1)
			return;
	}
	descriptors_fit(wanted, per_stream, (size_t)limit.rlim_cur,
	    count_open((size_t)limit.rlim_cur));
}
