/* SPDX-License-Identifier: ISC */
/* Which settings of ftxd exclude each other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/settings/options.h"

/* The table with nothing set in it.  NULL with errno if there is no memory. */
static struct setting *
copy_table(void)
{
	struct setting *copy;
	size_t count = 1;

	while (options_table[count - 1].name != NULL)
		count++;
	copy = calloc(count, sizeof(*copy));
	if (copy == NULL)
		return NULL;
	memcpy(copy, options_table, count * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i].initial = NULL;
	return copy;
}

/* What listens or keeps workers has no use for a connection that is there. */
static const char *
useless_for_inetd(const struct options *given)
{
	if (given->addresses.count > 0)
		return "-a";
	if (given->background)
		return "-B";
	if (given->backlog != 0)
		return "-b";
	if (given->max_per_host != 0)
		return "-C";
	if (given->pid_file != NULL)
		return "-P";
	if (given->port != NULL)
		return "-p";
	if (given->workers != 0)
		return "-w";
	if (given->ipv4_only || given->ipv6_only)
		return given->ipv4_only ? "-4" : "-6";
	return given->max_connections != 0 ? "max-connections" : NULL;
}

/*
 * Only the arguments count: a file that also serves to listen does no harm.
 */
static int
check_inetd(int argc, char *const argv[], char error[SETTINGS_ERROR])
{
	struct setting *table = copy_table();
	struct options given;
	const char *useless;
	int status = -1;

	memset(&given, 0, sizeof(given));
	if (table == NULL || settings_init(table, &given) != 0) {
		settings_fail(error, "%s", strerror(errno));
		goto out;
	}
	if (settings_command_line(table, &given, argc, argv, error) == -1)
		goto out;
	useless = useless_for_inetd(&given);
	if (useless == NULL)
		status = 0;
	else
		settings_fail(error,
		    "-i serves the connection that it is given: %s makes no "
		    "sense with it",
		    useless);
out:
	if (table != NULL)
		settings_release(table, &given);
	free(table);
	return status;
}

int
options_check_together(const struct options *options, int argc,
    char *const argv[], char error[SETTINGS_ERROR])
{
	if (options->inetd)
		return check_inetd(argc, argv, error);
	if (options->ipv4_only && options->ipv6_only)
		return settings_fail(
		    error, "-4 and -6 leave no address to listen on");
	return 0;
}
