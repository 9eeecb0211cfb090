/* SPDX-License-Identifier: ISC */
/* ftx: reads the command line and runs the command. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "client/options.h"
#include "client/put.h"
#include "client/source.h"
#include "client/target.h"

#define EXIT_USAGE 1

static void
print_usage(FILE *out)
{
	fprintf(out,
	    "usage: ftx put [-46hnpqv] [-b address[:port]] [-e command]\n"
	    "               [-l kbit/s] [-m mode] [-o name[=value]] "
	    "[-P port]\n"
	    "               source ... [host]:target\n"
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
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	return close(fd);
}

static int
put(const struct options *options, int count, char *const operands[])
{
	struct source_list sources = {operands, (size_t)count - 1, 0};
	struct target target;
	char error[TARGET_ERROR];
	int status;

	for (int i = 0; i < count - 1; i++)
		if (strcmp(operands[i], "-") == 0)
			return fail_usage("-: standard input cannot be sent; "
					  "a file of this name is ./-");
	if (target_parse(&target, operands[count - 1], error) == -1) {
		fprintf(stderr, "ftx: %s\n", error);
		return EXIT_USAGE;
	}
	status = put_run(options, &target, &sources);
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
