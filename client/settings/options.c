/* SPDX-License-Identifier: ISC */
/* The settings of ftx: their table, checks, and order of reading. */
#include "client/settings/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client/settings/command_words.h"
#include "client/settings/exclude.h"
#include "client/settings/target.h"
#include "common/address.h"
#include "common/quantity.h"
#include "common/settings_read.h"
#include "common/text.h"
#include "common/wire.h"

#define DEFAULT_PORT "2345"

/* More streams would hardly be faster, and each takes memory. */
#define STREAMS_MAX 64

/* Room for an unknown command in a message. */
#define SHOWN 160

#define SECOND UINT64_C(1000)
#define YEAR (365 * 24 * 3600 * SECOND)

static int
check_bind(const char *value, const char **reason)
{
	struct address_name name;

	return address_parse(&name, value, reason);
}

static int
check_port(const char *value, const char **reason)
{
	*reason = "a port is 1 to 65535";
	return address_parse_port(value) < 1 ? -1 : 0;
}

static int
check_command(const char *value, const char **reason)
{
	struct command_words words;

	if (command_words_split(&words, value, reason) == -1)
		return -1;
	command_words_release(&words);
	return 0;
}

static int
check_mode(const char *value, const char **reason)
{
	size_t digits = strspn(value, "01234567");

	*reason = "a mode is octal, 0 to 0777";
	if (digits == 0 || digits > 4 || value[digits] != '\0')
		return -1;
	return strtoul(value, NULL, 8) > 0777 ? -1 : 0;
}

static int
check_size(const char *value, const char **reason)
{
	uint64_t size;

	*reason = "a size is a number of bytes, perhaps with K, M, G or T";
	return quantity_parse(value, QUANTITY_NUMBER, &size) == -1 ||
		size == WIRE_SIZE_UNKNOWN
	    ? -1
	    : 0;
}

static int
check_progress(const char *value, const char **reason)
{
	static const char *const accepted[] = {"auto", "bar", "lines", "none"};

	*reason = "auto, bar, lines or none";
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		if (strcmp(value, accepted[i]) == 0)
			return 0;
	return -1;
}

#define MEMBER(member) .offset = offsetof(struct options, member)

const struct setting options_table[] = {
    {.name = "ipv4-only",
	.letter = '4',
	.kind = SETTING_FLAG,
	MEMBER(ipv4_only),
	.help = "connect over IPv4 only"},
    {.name = "ipv6-only",
	.letter = '6',
	.kind = SETTING_FLAG,
	MEMBER(ipv6_only),
	.help = "connect over IPv6 only"},
    {.name = "bind",
	.letter = 'b',
	.kind = SETTING_TEXT,
	MEMBER(bind),
	.check = check_bind,
	.argument = "address[:port]",
	.help = "connect from this address of this host"},
    {.name = "command",
	.letter = 'e',
	.kind = SETTING_TEXT,
	MEMBER(command),
	.check = check_command,
	.argument = "command",
	.help = "its standard input and output are the connection"},
    {.name = "help",
	.letter = 'h',
	.kind = SETTING_FLAG,
	MEMBER(help),
	.help = "show this and exit"},
    {.name = "streams",
	.letter = 'j',
	.kind = SETTING_NUMBER,
	MEMBER(streams),
	.initial = "1",
	.low = 1,
	.high = STREAMS_MAX,
	.argument = "count",
	.help = "share the files out over so many connections"},
    {.name = "follow",
	.letter = 'L',
	.kind = SETTING_FLAG,
	MEMBER(follow),
	.help = "in directories, send what symbolic links point to"},
    {.name = "limit",
	.letter = 'l',
	.kind = SETTING_NUMBER,
	MEMBER(limit),
	.high = OPTIONS_LIMIT_MAX,
	.argument = "kbit/s",
	.help = "send no faster; 1 kbit is 1024 bits; 0: no limit"},
    {.name = "mode",
	.letter = 'm',
	.kind = SETTING_TEXT,
	MEMBER(mode),
	.check = check_mode,
	.argument = "mode",
	.help = "give the files this mode, in octal"},
    {.name = "dry-run",
	.letter = 'n',
	.kind = SETTING_FLAG,
	MEMBER(dry_run),
	.help = "go through all checks, send and change nothing"},
    {.name = "port",
	.letter = 'P',
	.kind = SETTING_TEXT,
	MEMBER(port),
	.check = check_port,
	.argument = "port",
	.help = "connect to this port; unset: FTX_PORT, or " DEFAULT_PORT},
    {.name = "preserve",
	.letter = 'p',
	.kind = SETTING_FLAG,
	MEMBER(preserve),
	.help = "keep the time of modification and the exact mode"},
    {.name = "quiet",
	.letter = 'q',
	.kind = SETTING_FLAG,
	MEMBER(quiet),
	.help = "print only errors"},
    {.name = "recursive",
	.letter = 'r',
	.kind = SETTING_FLAG,
	MEMBER(recursive),
	.help = "send directories and all that lies in them"},
    {.name = "version",
	.letter = 'V',
	.kind = SETTING_FLAG,
	MEMBER(version),
	.help = "show the version and exit"},
    {.name = "verbose",
	.letter = 'v',
	.kind = SETTING_FLAG,
	MEMBER(verbose),
	.help = "print a line for each file that was stored"},
    {.name = "checksum",
	.kind = SETTING_FLAG,
	MEMBER(checksum),
	.help = "do not send what has the same digest there"},
    {.name = "commit-timeout",
	.kind = SETTING_TIME,
	MEMBER(commit_timeout),
	.initial = "10m",
	.low = SECOND,
	.high = YEAR,
	.argument = "time",
	.help = "how long the server may take to sync"},
    {.name = "connect-timeout",
	.kind = SETTING_TIME,
	MEMBER(connect_timeout),
	.initial = "10s",
	.low = SECOND,
	.high = YEAR,
	.argument = "time",
	.help = "how long a connection to one address may take"},
    {.name = "digest",
	.kind = SETTING_FLAG,
	MEMBER(digest),
	.help = "print the digests of the files for xxh64sum -c"},
    {.name = "exclude",
	.kind = SETTING_LIST,
	MEMBER(exclude),
	.check = exclude_check,
	.argument = "pattern",
	.help = "leave names and paths like this out of directories"},
    {.name = "growing",
	.kind = SETTING_FLAG,
	MEMBER(growing),
	.help = "a file that grows while it is read has not changed"},
    {.name = "json",
	.kind = SETTING_FLAG,
	MEMBER(json),
	.help = "print what becomes of each source as a line of JSON"},
    {.name = "no-clobber",
	.kind = SETTING_FLAG,
	MEMBER(no_clobber),
	.help = "leave a target that exists alone"},
    {.name = "resume",
	.kind = SETTING_FLAG,
	MEMBER(resume),
	.initial = "yes",
	.argument = "yes|no",
	.help = "go on from what the server has kept of a large file"},
    {.name = "progress",
	.kind = SETTING_TEXT,
	MEMBER(progress),
	.initial = "auto",
	.check = check_progress,
	.argument = "auto|bar|lines|none",
	.help = "how to show what is under way"},
    {.name = "queue-timeout",
	.kind = SETTING_TIME,
	MEMBER(queue_timeout),
	.initial = "300s",
	.low = SECOND,
	.high = YEAR,
	.argument = "time",
	.help = "how long to wait for a free worker"},
    {.name = "remove-source",
	.kind = SETTING_FLAG,
	MEMBER(remove_source),
	.help = "remove files that were stored and synced"},
    {.name = "require-sync",
	.kind = SETTING_FLAG,
	MEMBER(require_sync),
	.help = "store nothing where files are not synced"},
    {.name = "retry",
	.kind = SETTING_TIME,
	MEMBER(retry),
	.initial = "10m",
	.low = 0,
	.high = YEAR,
	.argument = "time",
	.help = "how long to keep trying without progress; 0: do not"},
    {.name = "size",
	.kind = SETTING_TEXT,
	MEMBER(size),
	.check = check_size,
	.argument = "bytes",
	.help = "what standard input must give, or nothing is stored"},
    {.name = "skip-unchanged",
	.kind = SETTING_FLAG,
	MEMBER(skip_unchanged),
	.help = "do not send what has the same size and time there"},
    {.name = "timeout",
	.kind = SETTING_TIME,
	MEMBER(timeout),
	.initial = "60s",
	.low = SECOND,
	.high = YEAR,
	.argument = "time",
	.help = "how long a connection may stand still"},
    {.name = NULL},
};

static int
has_local_port(const struct options *options)
{
	struct address_name name;
	const char *reason;

	return options->bind != NULL &&
	    address_parse(&name, options->bind, &reason) == 0 &&
	    name.port[0] != '\0';
}

static int
check_together(const struct options *options, char error[SETTINGS_ERROR])
{
	const char *reason = NULL;

	if (options->ipv4_only && options->ipv6_only)
		reason = "-4 and -6 exclude each other";
	if (options->quiet && options->verbose)
		reason = "-q and -v exclude each other";
	if (options->json && options->digest)
		reason = "json and digest exclude each other";
	if (options->command != NULL &&
	    (options->ipv4_only || options->ipv6_only ||
		options->bind != NULL || options->port != NULL))
		reason = "-e excludes -4, -6, -b and -P: "
			 "the command makes the connection";
	if (options->streams > 1 && has_local_port(options))
		reason = "-j excludes a local port: "
			 "each connection needs one of its own";
	if (options->growing && options->remove_source)
		reason = "growing and remove-source exclude each other: "
			 "what grows is not stored whole";
	if (reason == NULL)
		return 0;
	snprintf(error, SETTINGS_ERROR, "%s", reason);
	return -1;
}

/* Unless the command line gave a port, set it from FTX_PORT or the default. */
static int
read_environment(struct options *options, char error[SETTINGS_ERROR])
{
	const char *port = getenv("FTX_PORT");
	char reason[SETTINGS_ERROR];

	if (options->port != NULL)
		return 0;
	if (port == NULL || *port == '\0')
		port = DEFAULT_PORT;
	if (settings_set(options_table, options, "port", port, reason) == 0)
		return 0;
	snprintf(error, SETTINGS_ERROR, "FTX_PORT: %.400s", reason);
	return -1;
}

/* The command is missing or unknown: suggest what to write. */
static int
fail_command(int count, char *const arguments[], char error[SETTINGS_ERROR])
{
	char source[SHOWN], target[SHOWN];

	if (count <= 0)
		return settings_fail(error, "the command is missing");
	if (count != 2 || !target_is_remote(arguments[1]))
		return settings_fail(error, "the only command is \"put\"");
	text_escape(
	    source, SHOWN, arguments[0], strlen(arguments[0]), TEXT_UTF8);
	text_escape(
	    target, SHOWN, arguments[1], strlen(arguments[1]), TEXT_UTF8);
	return settings_fail(error, "write: ftx put %s %s", source, target);
}

int
options_read(struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR])
{
	int command, first;

	if (settings_init(options_table, options) != 0)
		return settings_fail(error, "%s", strerror(errno));
	command =
	    settings_command_line(options_table, options, argc, argv, error);
	if (command == -1 || options->help || options->version)
		return command;
	if (command >= argc || strcmp(argv[command], "put") != 0)
		return fail_command(argc - command, argv + command, error);
	first = settings_command_line(
	    options_table, options, argc - command, argv + command, error);
	if (first == -1 || options->help || options->version)
		return first;
	if (check_together(options, error) == -1 ||
	    read_environment(options, error) == -1)
		return -1;
	return command + first;
}

void
options_release(struct options *options)
{
	settings_release(options_table, options);
}

int
options_family(const struct options *options)
{
	if (options->ipv4_only)
		return AF_INET;
	return options->ipv6_only ? AF_INET6 : AF_UNSPEC;
}

uint64_t
options_rate(const struct options *options)
{
	return options->limit * OPTIONS_KBIT;
}

uint64_t
options_size(const struct options *options)
{
	uint64_t size = WIRE_SIZE_UNKNOWN;

	/* check_size has accepted the text, so parsing cannot fail. */
	if (options->size != NULL)
		(void)quantity_parse(options->size, QUANTITY_NUMBER, &size);
	return size;
}

uint32_t
options_mode(const struct options *options, uint32_t source)
{
	if (options->mode != NULL)
		return (uint32_t)strtoul(options->mode, NULL, 8);
	return source & 0777;
}
