/* SPDX-License-Identifier: ISC */
/* What is under way, shown on standard error: a bar, lines, notices. */
#ifndef CLIENT_PROGRESS_H
#define CLIENT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"

enum progress_form {
	PROGRESS_NONE,
	PROGRESS_BAR,
	PROGRESS_LINES
};

struct progress {
	enum progress_form form;
	int quiet, terminal;
	size_t drawn;	/* bytes of the line that stands unfinished */
	io_time next;	/* not before this again */
	int committing; /* it was shown as such */
	int noticed;	/* waiting was told where it is told once */
};

/* setting is that of options: "auto", "bar", "lines" or "none". */
void progress_init(struct progress *progress, const char *setting, int quiet,
    int terminal, io_time now);

/*
 * So much of a file went in elapsed milliseconds, of PROGRESS_UNKNOWN where it
 * does not say its size.  Cheap where nothing is to be shown yet.
 */
#define PROGRESS_UNKNOWN UINT64_MAX
void progress_sending(struct progress *progress, const char *path,
    uint64_t sent, uint64_t total, int64_t elapsed, io_time now);

/* So much of it was read for its digest; nothing of it is sent. */
void progress_comparing(struct progress *progress, const char *path,
    uint64_t read, uint64_t total, io_time now);

/* All of it is, and the server has not answered. */
void progress_committing(
    struct progress *progress, const char *path, io_time now);

/* Nothing moves, and that is as it should be; what says why. */
void progress_waiting(struct progress *progress, const char *host,
    const char *what, io_time since, io_time now);

/* Print a whole line, in the place of what stands unfinished. */
void progress_print(struct progress *progress, const char *line);

/* Longest line of progress, with NUL; it fits a terminal of 80 columns. */
#define PROGRESS_LINE 80

/*
 * "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16", or "-  2.9 GB  112 MB/s"
 * where the total is not known.  Returns buffer.
 */
char *progress_describe(char buffer[PROGRESS_LINE], const char *path,
    uint64_t sent, uint64_t total, int64_t elapsed);

/* Remove what stands unfinished. */
void progress_end(struct progress *progress);

/* Bytes in a second. */
uint64_t progress_rate(uint64_t bytes, int64_t milliseconds);

/* How much of it that is, rounded down. */
int progress_percent(uint64_t sent, uint64_t total);

/* "0:07", "1:02:07".  Returns buffer. */
#define PROGRESS_CLOCK 32
char *progress_clock(char buffer[PROGRESS_CLOCK], int64_t milliseconds);

#endif
