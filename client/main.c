/* SPDX-License-Identifier: ISC */
/* ftx: reads the command line and runs the command. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "client/options.h"
#include "client/put.h"
#include "client/target.h"

#define EXIT_USAGE 1

static void
print_usage(FILE *out)
{
	fprintf(out,
	    "usage: ftx put [-46hLnpqrv] [-b address[:port]] [-m mode]\n"
	    "               [-o name[=value]] [-P port] source ... "
	    "[host]:target\n"
	    "       ftx -V\n");
}

static int
fail_usage(const char *error)
{
	fprintf(stderr, "ftx: %s\n", error);
	print_usage(stderr);
	return EXIT_USAGE;
}

/* A connection must never become one of the standard descriptors. */
static int
hold_standard_descriptors(void)
{
	int fd;

	do {
		/* To read from it fails: no end of an input that is none. */
		fd = open("/dev/null", O_WRONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	return close(fd);
}

/* Nonzero if standard input is meant. */
static int
is_input(const char *source)
{
	return strcmp(source, "-") == 0;
}

/* What cannot be meant.  Returns NULL, or why. */
static const char *
check_sources(const struct options *options, int count, char *const sources[],
    const struct target *target)
{
	size_t length = strlen(target->path);

	for (int i = 0; i < count; i++)
		if (is_input(sources[i]) && count > 1)
			return "-: standard input is sent alone; "
			       "a file of this name is ./-";
	if (is_input(sources[0]))
		return length == 0 || target->path[length - 1] == '/'
		    ? "-: for standard input the target must be a name"
		    : NULL;
	return options->size != NULL ? "size is for standard input only" : NULL;
}

static int
put(const struct options *options, int count, char *const operands[])
{
	struct target target;
	char error[TARGET_ERROR];
	const char *reason;
	int status;

	if (target_parse(&target, operands[count - 1], error) == -1) {
		fprintf(stderr, "ftx: %s\n", error);
		return EXIT_USAGE;
	}
	reason = check_sources(options, count - 1, operands, &target);
	status = reason != NULL
	    ? fail_usage(reason)
	    : put_run(options, &target, operands, (size_t)count - 1);
	target_release(&target);
	return status;
}

static int
run(const struct options *options, int count, char *const operands[])
{
	if (options->help) {
		print_usage(stdout);
		settings_usage(options_table, stdout);
		return 0;
	}
	if (options->version) {
		printf("ftx %s\n", FTX_VERSION);
		return 0;
	}
	if (count < 2)
		return fail_usage("sources and a target are needed");
	return put(options, count, operands);
}

int
main(int argc, char *argv[])
{
	struct options options;
	char error[SETTINGS_ERROR];
	int first, status;

	if (hold_standard_descriptors() == -1)
		return EXIT_USAGE;
	memset(&options, 0, sizeof(options));
	first = options_read(&options, argc, argv, error);
	status = first == -1 ? fail_usage(error)
			     : run(&options, argc - first, argv + first);
	options_release(&options);
	if (fflush(stdout) == EOF)
		status = EXIT_USAGE;
	if (interrupt_caught())
		interrupt_raise(interrupt_caught());
	return status;
}
