/* SPDX-License-Identifier: ISC */
/* Format the progress of a run as one line that fits the terminal's width. */
#ifndef CLIENT_DISPLAY_METER_H
#define CLIENT_DISPLAY_METER_H

#include <stddef.h>
#include <stdint.h>

#include "client/display/terminal.h"
#include "common/io.h"

enum meter_state {
	METER_WAITING, /* for the server or the source; no error */
	METER_SENDING,
	METER_READING,	 /* the source has no data now */
	METER_COMPARING, /* the source is read to compare its digest */
	METER_COMMITTING /* all was sent, and the result is outstanding */
};

#define METER_UNKNOWN UINT64_MAX

/* Kinds of notices: what the run waits for. */
enum {
	METER_NOTICE_SERVER = 1,
	METER_NOTICE_SOURCE = 2
};

/* A snapshot of a run. */
struct meter {
	enum meter_state state;
	/* In METER_WAITING: */
	const char *host, *why; /* escaped */
	io_time since;
	int brief;  /* show it only if a signal asks */
	int notice; /* METER_NOTICE_*: print once if no progress is shown */
	int once;   /* print the notice once even if progress is shown */
	/* In other states, the current file: */
	const char *path;     /* or NULL */
	uint64_t sent, total; /* bytes; total may be METER_UNKNOWN */
	/* and the whole run, if it has several files: */
	int several;
	uint64_t done, found; /* files with a result, and all so far */
	int complete;	      /* no more will be found */
	/* In every state: */
	uint64_t carried; /* bytes that all connections have sent */
	/* Set by progress_show: */
	uint64_t rate;	 /* bytes a second */
	int64_t elapsed; /* milliseconds in this state */
};

/* The longest line, with NUL: a whole name, escaped, and the other parts. */
#define METER_LINE 2048

/*
 * Format "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16".  If the total is not
 * known, "-  2.9 GB  112 MB/s"; with several files, "big.iso  7/12+ files ...".
 * If that takes more columns, the least important parts are left out, and then
 * the name is cut.  Returns buffer.
 */
char *meter_line(char buffer[METER_LINE], const struct meter *meter,
    const struct terminal *terminal, size_t columns);

/* Bytes per second. */
uint64_t meter_rate(uint64_t bytes, int64_t milliseconds);

/* The percentage of total that was sent, rounded down. */
int meter_percent(uint64_t sent, uint64_t total);

/* "0:07", "1:02:07".  Returns buffer. */
#define METER_CLOCK 32
char *meter_clock(char buffer[METER_CLOCK], int64_t milliseconds);

/* "1,234".  Returns buffer. */
#define METER_COUNT 32
char *meter_count(char buffer[METER_COUNT], uint64_t count);

#endif
