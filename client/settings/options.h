/* SPDX-License-Identifier: ISC */
/* The settings of ftx: one table, and the values that it fills. */
#ifndef CLIENT_SETTINGS_OPTIONS_H
#define CLIENT_SETTINGS_OPTIONS_H

#include <stdint.h>

#include "common/settings.h"

struct options {
	int ipv4_only, ipv6_only;
	int dry_run, preserve;
	int quiet, verbose, help, version;
	int json, digest;
	int no_clobber, growing, resume, recursive, follow;
	int skip_unchanged, checksum, remove_source, require_sync;
	char *command; /* its input and output are the connection; or NULL */
	char *bind;    /* address[:port], or NULL */
	char *mode;    /* octal, or NULL: the source's mode */
	char *port;
	char *size; /* of standard input, or NULL: unknown */
	struct setting_list exclude;
	char *progress; /* "auto", "bar", "lines" or "none" */
	uint64_t streams;
	uint64_t limit;			  /* kbit/s; 0: none */
	int64_t timeout, connect_timeout; /* times are milliseconds */
	int64_t queue_timeout, commit_timeout;
	int64_t retry; /* 0: do not connect again after a loss */
};

extern const struct setting options_table[];

/*
 * Read "ftx [options] put [options] operands", and FTX_PORT.  options is
 * zeroed memory.  Returns the index of the first operand after the command, or
 * -1 with error.  With -h or -V, it returns without further checks.
 */
int options_read(struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR]);
void options_release(struct options *options);

/* AF_INET, AF_INET6 or AF_UNSPEC. */
int options_family(const struct options *options);

/* Bytes in a kbit of the limit setting.  scp counts 1024 bits, too. */
#define OPTIONS_KBIT 128

/* The largest limit, in kbit/s. */
#define OPTIONS_LIMIT_MAX (UINT64_C(1) << 40)

/* The limit in bytes a second; 0: none. */
uint64_t options_rate(const struct options *options);

/* The size setting, or WIRE_SIZE_UNKNOWN. */
uint64_t options_size(const struct options *options);

/* The mode setting, or else the permission bits of the source's mode. */
uint32_t options_mode(const struct options *options, uint32_t source);

#endif
