/* SPDX-License-Identifier: ISC */
/* A terminal that records the output of programs. */
#ifndef TESTS_SYSTEM_SCREEN_H
#define TESTS_SYSTEM_SCREEN_H

#include <stddef.h>
#include <sys/types.h>

struct screen {
	int master, terminal;
	size_t length;
	char text[65536]; /* ends with a NUL; if it is full, the test fails */
};

/* Open one with this many columns. */
void screen_open(struct screen *screen, unsigned columns);
void screen_close(struct screen *screen);

void screen_resize(struct screen *screen, unsigned columns);

/* Start ftx, or the program argv[0], with standard error on it. */
pid_t screen_run(struct screen *screen, const char *const argv[]);
#define SCREEN_RUN(screen, ...)                                                \
	screen_run(screen, (const char *const[]){__VA_ARGS__, NULL})

/* Wait until the output from this offset on holds the text. */
void screen_expect(struct screen *screen, size_t from, const char *text);

/* Read until the program has ended; its exit status must be this one. */
void screen_finish(struct screen *screen, pid_t pid, int status);

/*
 * From this offset on, each progress line must be narrower than columns.
 * Returns the number of such lines.
 */
int screen_check(const struct screen *screen, size_t from, unsigned columns);

#endif
