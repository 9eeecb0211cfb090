/* SPDX-License-Identifier: ISC */
/* ftxd: read the settings, then start the server or print information. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/process/start.h"
#include "server/settings/options.h"

/* Inherited descriptors below this number are closed. */
#define INHERITED_MAX 1024

/*
 * If 0, 1 or 2 is closed, open /dev/null, so that no other file gets the
 * number.  Close all other inherited descriptors.
 */
static int
sanitize_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	for (fd = STDERR_FILENO + 1; fd < INHERITED_MAX; fd++)
		close(fd);
	return 0;
}

static enum master_exit
flush_output(void)
{
	if (fflush(stdout) == 0)
		return MASTER_CLEAN;
	return start_fail(strerror(errno), MASTER_OTHER);
}

static enum master_exit
run(struct options *options, int argc, char *const argv[])
{
	enum master_exit status;

	if (options->help) {
		options_print_usage(stdout);
		return flush_output();
	}
	if (options->version) {
		puts("ftxd " FTX_VERSION);
		return flush_output();
	}
	status = start_server(options, argc, argv);
	if (status != MASTER_CLEAN || !options->test)
		return status;
	options_print(options, stdout);
	return flush_output();
}

int
main(int argc, char *argv[])
{
	static struct options options;
	char error[SETTINGS_ERROR];
	enum master_exit status;

	if (sanitize_descriptors() != 0)
		return start_fail("cannot open /dev/null", MASTER_OTHER);
	if (options_read(&options, argc, argv, error) != 0)
		status = start_fail(error, MASTER_USAGE);
	else
		status = run(&options, argc, argv);
	options_release(&options);
	return (int)status;
}
