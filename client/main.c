/* SPDX-License-Identifier: ISC */
/* ftx: reads the command line and runs the command. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/put.h"
#include "client/settings/options.h"
#include "client/settings/target.h"
#include "client/shared/interrupt.h"
#include "client/sources/source.h"
#include "common/settings_print.h"
#include "common/status.h"
#include "common/text.h"

#define EXIT_USAGE 1

/* Room for an escaped path. */
#define SHOWN 1024

static void
print_usage(FILE *out)
{
	fprintf(out,
	    "usage: ftx put [-46hLnpqrv] [-b address[:port]] [-e command]\n"
	    "               [-j streams] [-l kbit/s] [-m mode] "
	    "[-o name[=value]]\n"
	    "               [-P port] source ... [host]:target\n"
	    "       ftx -V\n");
}

static int
fail_usage(const char *error)
{
	fprintf(stderr, "ftx: %s\n", error);
	print_usage(stderr);
	return EXIT_USAGE;
}

/*
 * Open closed standard descriptors, so that no connection becomes one of them.
 * Reading standard input and writing standard output still fail.  Output to
 * standard error is discarded.
 */
static int
hold_standard_descriptors(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", modes[fd]) != fd)
			return -1;
	return 0;
}

/* Nonzero for standard input. */
static int
is_input(const char *source)
{
	return strcmp(source, "-") == 0;
}

/* Fail if two sources would get the same name on the server. */
static int
check_names(const struct options *options, char *const sources[], size_t count)
{
	const char *clash[2];
	char one[SHOWN], other[SHOWN], name[SHOWN];
	struct wire_bytes both;
	int found = source_clash(sources, count, options->recursive, clash);

	if (found == 0)
		return 0;
	if (found == -1) {
		fprintf(stderr, "ftx: %s\n", strerror(errno));
		return -1;
	}
	both = source_name(clash[0]);
	fprintf(stderr, "ftx: %s and %s would both become %s\n",
	    text_escape(one, SHOWN, clash[0], strlen(clash[0]), TEXT_UTF8),
	    text_escape(other, SHOWN, clash[1], strlen(clash[1]), TEXT_UTF8),
	    text_escape(name, SHOWN, both.bytes, both.length, TEXT_UTF8));
	return -1;
}

/*
 * With remove-source, a directory such as "dir/" must be the only source.  Its
 * contents may overwrite files of another source.  Then ftx would remove the
 * only copy.
 */
static int
check_removal(
    const struct options *options, char *const sources[], size_t count)
{
	char shown[SHOWN];

	if (!options->remove_source || !options->recursive || count < 2)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const struct source source = source_named(sources[i]);

		if (source_target_path(&source).length > 0)
			continue;
		fprintf(stderr,
		    "ftx: %s: with remove-source what lies in a directory is "
		    "sent without other sources, which could have files of "
		    "the same names\n",
		    text_escape(shown, SHOWN, sources[i], strlen(sources[i]),
			TEXT_UTF8));
		return -1;
	}
	return 0;
}

/* Checks that do not depend on the parsed target. */
static int
check_sources(const struct options *options, char *const sources[],
    size_t count, const char *target)
{
	char shown[SHOWN];

	for (size_t i = 0; i < count; i++) {
		const char *path = sources[i];

		if (is_input(path) && count > 1) {
			fail_usage("-: standard input is sent alone; "
				   "a file of this name is ./-");
			return -1;
		}
		if (!target_is_remote(path) || target_is_remote(target))
			continue;
		fprintf(stderr,
		    "ftx: %s: ftx only puts: the last argument is host:path\n",
		    text_escape(shown, SHOWN, path, strlen(path), TEXT_UTF8));
		return -1;
	}
	if (check_names(options, sources, count) == -1)
		return -1;
	return check_removal(options, sources, count);
}

/*
 * Check settings that are only for standard input, or only for files.  Returns
 * NULL, or the reason why they do not fit the source.
 */
static const char *
check_input(const struct options *options, const char *source,
    const struct target *target)
{
	size_t length = strlen(target->path);

	if (!is_input(source))
		return options->size != NULL ? "size is for standard input only"
					     : NULL;
	if (options->skip_unchanged || options->checksum ||
	    options->remove_source)
		return "-: skip-unchanged, checksum and remove-source are for "
		       "files only";
	return length == 0 || target->path[length - 1] == '/'
	    ? "-: for standard input the target must be a name"
	    : NULL;
}

static int
put(const struct options *options, int count, char *const operands[])
{
	const char *last = operands[count - 1], *reason;
	const size_t sources = (size_t)count - 1;
	struct target target;
	char error[TARGET_ERROR];
	int status;

	if (check_sources(options, operands, sources, last) == -1)
		return EXIT_USAGE;
	if (target_parse(&target, last, error) == -1) {
		fprintf(stderr, "ftx: %s\n", error);
		return EXIT_USAGE;
	}
	reason = check_input(options, operands[0], &target);
	status = reason != NULL ? fail_usage(reason)
				: put_run(options, &target, operands, sources);
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

	if (hold_standard_descriptors() == -1) {
		fprintf(stderr, "ftx: /dev/null: %s\n", strerror(errno));
		return status_exit(STATUS_SOURCE);
	}
	interrupt_listen();
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
