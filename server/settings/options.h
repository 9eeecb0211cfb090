/* SPDX-License-Identifier: ISC */
/* The settings of ftxd: one table, their values, and how to read them. */
#ifndef SERVER_SETTINGS_OPTIONS_H
#define SERVER_SETTINGS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/settings.h"

#define OPTIONS_WORKERS_MAX 512

struct options {
	struct setting_list addresses;
	char *port;
	uint64_t workers;
	char *directory;
	char *user;
	uint64_t max_per_host; /* 0: workers - 1, at least 1 */
	uint64_t backlog;
	int64_t idle_timeout; /* all times are milliseconds */
	int64_t hello_timeout;
	int64_t drain_timeout;
	uint64_t min_rate; /* bytes a second */
	char *file;
	char *pid_file;
	int background, inetd, to_syslog, test;
	int ipv4_only, ipv6_only;
	int quiet, verbose, help, version;
	struct setting_list allow, deny;
	uint64_t max_size;	  /* bytes; 0: no limit */
	char *min_free;		  /* bytes, or percent with "%" */
	uint64_t max_connections; /* 0: no limit */
	int64_t partial_ttl;
	int compare;
	int fsync;
	char *umask;	 /* octal; NULL: the process's umask */
	char *overwrite; /* "replace" or "never" */
	char *shared;	 /* "locks" or "no-locks" */
};

extern const struct setting options_table[];

/*
 * Read the command line.  If it names a settings file, read the file, and then
 * the command line again, which overrides it.  options is zeroed memory.
 * Returns 0, or -1 with error; the caller releases options in both cases.
 */
int options_read(struct options *options, int argc, char *const argv[],
    char error[SETTINGS_ERROR]);
void options_release(struct options *options);

/* Print the usage: the synopsis, and a line for each setting. */
void options_print_usage(FILE *out);

/* For -T: print all settings in the format of a settings file. */
void options_print(struct options *options, FILE *out);

/* The most connections of one host: max_per_host, or its default. */
uint64_t options_per_host(const struct options *options);

/* The most workers that may compare at once: half of them, at least 1. */
size_t options_comparers(const struct options *options);

/* Set percent (of the file system) or bytes from min-free, the other to 0. */
void options_min_free(
    const struct options *options, int *percent, uint64_t *bytes);

/* The setting umask as a number; -1 if it is not set. */
int options_umask(const struct options *options);

#endif
