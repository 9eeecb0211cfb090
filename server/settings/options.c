/* SPDX-License-Identifier: ISC */
/* The settings of ftxd: their table, their checks, and how they are read. */
#include "server/settings/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "common/os.h"
#include "common/quantity.h"
#include "common/settings_print.h"
#include "common/settings_read.h"

#define SECOND UINT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static int
check_address(const char *value, const char **reason)
{
	struct address_name name;

	return address_parse(&name, value, reason);
}

static int
check_port(const char *value, const char **reason)
{
	*reason = "a port is 0 to 65535";
	return address_parse_port(value) < 0 ? -1 : 0;
}

static int
check_rule(const char *value, const char **reason)
{
	struct address_rule rule;

	return address_rule_parse(&rule, value, reason);
}

static int
check_path(const char *value, const char **reason)
{
	*reason = "a path must not be empty";
	return value[0] == '\0' ? -1 : 0;
}

static int
check_user(const char *value, const char **reason)
{
	const char *colon = strchr(value, ':');

	*reason = "a user, or user:group, as names or numbers";
	if (value[0] == '\0' || value[0] == ':')
		return -1;
	return colon != NULL && colon[1] == '\0' ? -1 : 0;
}

static int
check_umask(const char *value, const char **reason)
{
	size_t digits = strspn(value, "01234567");

	*reason = "a umask is octal, 0 to 0777";
	if (digits == 0 || digits > 4 || value[digits] != '\0')
		return -1;
	return strtoul(value, NULL, 8) > 0777 ? -1 : 0;
}

static int
check_overwrite(const char *value, const char **reason)
{
	*reason = "replace or never";
	return strcmp(value, "replace") == 0 || strcmp(value, "never") == 0
	    ? 0
	    : -1;
}

static int
check_shared(const char *value, const char **reason)
{
	*reason = "locks or no-locks";
	return strcmp(value, "locks") == 0 || strcmp(value, "no-locks") == 0
	    ? 0
	    : -1;
}

/* Parse a percentage such as "15%", or a size.  Returns 0, or -1. */
static int
parse_min_free(const char *value, int *percent, uint64_t *bytes)
{
	size_t digits = strspn(value, "0123456789");

	*percent = 0;
	*bytes = 0;
	if (strcmp(value + digits, "%") != 0)
		return quantity_parse(value, QUANTITY_NUMBER, bytes);
	if (digits < 1 || digits > 2)
		return -1;
	*percent = (int)strtol(value, NULL, 10);
	return 0;
}

static int
check_min_free(const char *value, const char **reason)
{
	uint64_t bytes;
	int percent;

	*reason = "0% to 99%, or bytes with K, M, G or T";
	return parse_min_free(value, &percent, &bytes);
}

#define MEMBER(member) .offset = offsetof(struct options, member)

const struct setting options_table[] = {
    {.name = "ipv4-only",
	.letter = '4',
	.kind = SETTING_FLAG,
	MEMBER(ipv4_only),
	.help = "listen on IPv4 addresses only"},
    {.name = "ipv6-only",
	.letter = '6',
	.kind = SETTING_FLAG,
	MEMBER(ipv6_only),
	.help = "listen on IPv6 addresses only"},
    {.name = "background",
	.letter = 'B',
	.kind = SETTING_FLAG,
	MEMBER(background),
	.help = "run in the background, once ready; log to syslog"},
    {.name = "help",
	.letter = 'h',
	.kind = SETTING_FLAG,
	MEMBER(help),
	.help = "print this and exit"},
    {.name = "inetd",
	.letter = 'i',
	.kind = SETTING_FLAG,
	MEMBER(inetd),
	.help = "serve one connection, on standard input and output"},
    {.name = "quiet",
	.letter = 'q',
	.kind = SETTING_FLAG,
	MEMBER(quiet),
	.help = "log warnings and errors only"},
    {.name = "syslog",
	.letter = 's',
	.kind = SETTING_FLAG,
	MEMBER(to_syslog),
	.help = "log to syslog instead of standard error"},
    {.name = "test",
	.letter = 'T',
	.kind = SETTING_FLAG,
	MEMBER(test),
	.help = "test the settings, print them all, and exit"},
    {.name = "version",
	.letter = 'V',
	.kind = SETTING_FLAG,
	MEMBER(version),
	.help = "print the version and exit"},
    {.name = "verbose",
	.letter = 'v',
	.kind = SETTING_FLAG,
	MEMBER(verbose),
	.help = "log more"},
    {.name = "address",
	.letter = 'a',
	.kind = SETTING_LIST,
	MEMBER(addresses),
	.check = check_address,
	.argument = "address[:port]",
	.help = "listen here, not on 127.0.0.1; may be repeated"},
    {.name = "backlog",
	.letter = 'b',
	.kind = SETTING_NUMBER,
	MEMBER(backlog),
	.initial = "128",
	.low = 1,
	.high = 65535,
	.argument = "connections",
	.help = "the most that may wait for a worker"},
    {.name = "max-per-host",
	.letter = 'C',
	.kind = SETTING_NUMBER,
	MEMBER(max_per_host),
	.high = OPTIONS_WORKERS_MAX,
	.argument = "count",
	.help = "the most of one host; 0: one less than workers"},
    {.name = "directory",
	.letter = 'd',
	.kind = SETTING_TEXT,
	MEMBER(directory),
	.check = check_path,
	.argument = "directory",
	.help = "receive into it; default: ./incoming, created if missing"},
    {.name = "file",
	.letter = 'f',
	.kind = SETTING_TEXT,
	MEMBER(file),
	.check = check_path,
	.argument = "file",
	.help = "read settings from it, and again at SIGHUP"},
    {.name = "pid-file",
	.letter = 'P',
	.kind = SETTING_TEXT,
	MEMBER(pid_file),
	.check = check_path,
	.argument = "file",
	.help = "write the process number to it, and lock it"},
    {.name = "port",
	.letter = 'p',
	.kind = SETTING_TEXT,
	MEMBER(port),
	.initial = "2345",
	.check = check_port,
	.argument = "port",
	.help = "listen on it; 0: on a free one"},
    {.name = "idle-timeout",
	.letter = 't',
	.kind = SETTING_TIME,
	MEMBER(idle_timeout),
	.initial = "60s",
	.low = SECOND,
	.high = 7 * DAY,
	.argument = "seconds",
	.help = "close a connection after this time without progress"},
    {.name = "user",
	.letter = 'u',
	.kind = SETTING_TEXT,
	MEMBER(user),
	.check = check_user,
	.argument = "user[:group]",
	.help = "change to this user after binding the addresses"},
    {.name = "workers",
	.letter = 'w',
	.kind = SETTING_NUMBER,
	MEMBER(workers),
	.initial = "8",
	.low = 1,
	.high = OPTIONS_WORKERS_MAX,
	.argument = "workers",
	.help = "the number of connections served at once"},
    {.name = "allow",
	.kind = SETTING_LIST,
	MEMBER(allow),
	.check = check_rule,
	.argument = "network[:ports]",
	.help = "admit only these peers; may be repeated"},
    {.name = "deny",
	.kind = SETTING_LIST,
	MEMBER(deny),
	.check = check_rule,
	.argument = "network[:ports]",
	.help = "refuse these peers; may be repeated"},
    {.name = "compare",
	.kind = SETTING_FLAG,
	MEMBER(compare),
	.initial = "yes",
	.argument = "yes|no",
	.help = "allow clients to compare with existing files"},
    {.name = "drain-timeout",
	.kind = SETTING_TIME,
	MEMBER(drain_timeout),
	.initial = "30s",
	.high = DAY,
	.argument = "time",
	.help = "the longest time that a stop waits for transfers"},
    {.name = "fsync",
	.kind = SETTING_FLAG,
	MEMBER(fsync),
	.initial = "yes",
	.argument = "yes|no",
	.help = "sync files and directories before reporting them stored"},
    {.name = "hello-timeout",
	.kind = SETTING_TIME,
	MEMBER(hello_timeout),
	.initial = "10s",
	.low = SECOND,
	.high = HOUR,
	.argument = "time",
	.help = "close a connection without a hello after this time"},
    {.name = "max-connections",
	.kind = SETTING_NUMBER,
	MEMBER(max_connections),
	.high = UINT32_MAX,
	.argument = "count",
	.help = "replace a worker after so many; 0: never"},
    {.name = "max-size",
	.kind = SETTING_NUMBER,
	MEMBER(max_size),
	.high = INT64_MAX,
	.argument = "bytes",
	.help = "the largest file accepted; 0: any"},
    {.name = "min-free",
	.kind = SETTING_TEXT,
	MEMBER(min_free),
	.initial = "1%",
	.check = check_min_free,
	.argument = "bytes|percent%",
	.help = "space of the file system to leave free"},
    {.name = "min-rate",
	.kind = SETTING_NUMBER,
	MEMBER(min_rate),
	.initial = "1K",
	.high = UINT64_C(1) << 30,
	.argument = "bytes",
	.help = "the least rate, in bytes a second; 0: any"},
    {.name = "overwrite",
	.kind = SETTING_TEXT,
	MEMBER(overwrite),
	.initial = "replace",
	.check = check_overwrite,
	.argument = "replace|never",
	.help = "whether to replace existing files"},
    {.name = "partial-ttl",
	.kind = SETTING_TIME,
	MEMBER(partial_ttl),
	.initial = "7d",
	.high = 365 * DAY,
	.argument = "time",
	.help = "how long to keep the beginning of a large file"},
    {.name = "shared",
	.kind = SETTING_TEXT,
	MEMBER(shared),
	.initial = "locks",
	.check = check_shared,
	.argument = "locks|no-locks",
	.help = "whether file locks work between the hosts that share it"},
    {.name = "umask",
	.kind = SETTING_TEXT,
	MEMBER(umask),
	.check = check_umask,
	.argument = "octal",
	.help = "umask for received files; default: the process's"},
    {.name = NULL},
};

/* Copy the table without initial values.  Returns it, or NULL with errno. */
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

/* Returns the first setting that cannot be combined with -i, or NULL. */
static const char *
find_unusable_with_inetd(const struct options *given)
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
 * Check the command line only, so that one settings file can serve both modes.
 */
static int
check_inetd(int argc, char *const argv[], char error[SETTINGS_ERROR])
{
	struct setting *table = copy_table();
	struct options given;
	const char *unusable;
	int status = -1;

	memset(&given, 0, sizeof(given));
	if (table == NULL || settings_init(table, &given) != 0) {
		settings_fail(error, "%s", strerror(errno));
		goto out;
	}
	if (settings_command_line(table, &given, argc, argv, error) == -1)
		goto out;
	unusable = find_unusable_with_inetd(&given);
	if (unusable == NULL)
		status = 0;
	else
		settings_fail(error,
		    "-i serves the connection that it is given: %s makes no "
		    "sense with it",
		    unusable);
out:
	if (table != NULL)
		settings_release(table, &given);
	free(table);
	return status;
}

/* Reject settings that exclude each other. */
static int
check_together(const struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR])
{
	if (options->inetd)
		return check_inetd(argc, argv, error);
	if (options->ipv4_only && options->ipv6_only)
		return settings_fail(
		    error, "-4 and -6 leave no address to listen on");
	return 0;
}

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

/*
 * Reset the options, because lists accumulate.  Then read the file, and the
 * command line after it, which overrides the file.
 */
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
	if (check_together(options, argc, argv, error) != 0)
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

void
options_print_usage(FILE *out)
{
	fputs("usage: ftxd [-46BhiqsTVv] [-a address[:port]] [-b backlog] "
	      "[-C count]\n"
	      "            [-d directory] [-f file] [-o name[=value]] "
	      "[-P pid-file]\n"
	      "            [-p port] [-t seconds] [-u user[:group]] "
	      "[-w workers]\n",
	    out);
	settings_usage(options_table, out);
}

void
options_print(struct options *options, FILE *out)
{
	/* If the output contained "test", ftxd -f would only test it. */
	options->test = 0;
	settings_print(options_table, options, out);
	if (!os_detects_mounts())
		fputs(
		    "# This system does not report mounts of the same file "
		    "system.\n# A mount below the directory is found only when "
		    "a file is published.\n",
		    out);
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

void
options_min_free(const struct options *options, int *percent, uint64_t *bytes)
{
	*percent = 0;
	*bytes = 0;
	if (options->min_free != NULL)
		parse_min_free(options->min_free, percent, bytes);
}
