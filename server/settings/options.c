/* SPDX-License-Identifier: ISC */
/* What ftxd was told: the order of reading, and values that follow from it. */
#include "server/settings/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
read_command_line(struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR])
{
	int operand =
	    settings_command_line(options_table, options, argc, argv, error);

	if (operand < 0)
		return -1;
	if (operand == argc)
		return 0;
	snprintf(error, SETTINGS_ERROR, "%.100s: ftxd takes options only",
	    argv[operand]);
	return -1;
}

static int
init(struct options *options, char error[SETTINGS_ERROR])
{
	if (settings_init(options_table, options) == 0)
		return 0;
	return settings_fail(error, "%s", strerror(errno));
}

/* Lists add up, so the command line is read afresh behind the file. */
static int
read_file(struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR])
{
	char *path = options->file;
	int status;

	options->file = NULL;
	options_release(options);
	status = init(options, error);
	if (status == 0)
		status = settings_file(options_table, options, path, error);
	free(path);
	if (status != 0)
		return -1;
	return read_command_line(options, argc, argv, error);
}

int
options_read(struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR])
{
	if (init(options, error) != 0 ||
	    read_command_line(options, argc, argv, error) != 0)
		return -1;
	if (options->file != NULL && read_file(options, argc, argv, error) != 0)
		return -1;
	if (options_check_together(options, argc, argv, error) != 0)
		return -1;
	if (options->background && !options->inetd)
		options->to_syslog = 1;
	return 0;
}

void
options_release(struct options *options)
{
	settings_release(options_table, options);
	memset(options, 0, sizeof(*options));
}

uint64_t
options_per_host(const struct options *options)
{
	if (options->max_per_host != 0)
		return options->max_per_host;
	return options->workers > 1 ? options->workers - 1 : 1;
}

size_t
options_comparers(const struct options *options)
{
	return options->workers < 2 ? 1 : (size_t)options->workers / 2;
}

int
options_umask(const struct options *options)
{
	return options->umask == NULL ? -1
				      : (int)strtoul(options->umask, NULL, 8);
}
