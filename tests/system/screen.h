/* SPDX-License-Identifier: ISC */
/* A terminal for programs, of which all that they write is kept. */
#ifndef TESTS_SYSTEM_SCREEN_H
#define TESTS_SYSTEM_SCREEN_H

#include <stddef.h>

#include "tests/system/run.h"

struct screen {
	int master, terminal;
	size_t length;
	char text[65536]; /* ended by a NUL; the test fails where it is full */
};

/* One of so many columns. */
void screen_open(struct screen *screen, unsigned columns);
void screen_close(struct screen *screen);

void screen_resize(struct screen *screen, unsigned columns);

/* Start ftx, or what else argv[0] names, with standard error there. */
pid_t screen_run(struct screen *screen, const char *const argv[]);
#define SCREEN_RUN(screen, ...)                                                \
	screen_run(screen, (const char *const[]){__VA_ARGS__, NULL})

/* Wait until what was written from this offset on holds the text. */
void screen_expect(struct screen *screen, size_t from, const char *text);

/* Read on until the program has ended; it must be with this status. */
void screen_finish(struct screen *screen, pid_t pid, int status);

/*
 * From this offset on, every line that was drawn and not ended must take fewer
 * columns than these.  Returns how many such lines there were.
 */
int screen_check(const struct screen *screen, size_t from, unsigned columns);

#endif
