/* SPDX-License-Identifier: ISC */
/* What a run is about at one moment: numbers, for those who show it. */
#ifndef CLIENT_DISPLAY_VIEW_H
#define CLIENT_DISPLAY_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"

struct request;
struct run;

enum view_state {
	VIEW_WAITING, /* nothing moves, and that is as it should be */
	VIEW_SENDING,
	VIEW_READING,	/* the source gives nothing now */
	VIEW_COMPARING, /* it is read up to what the server has kept */
	VIEW_COMMITTING /* all is sent, and the server has not answered */
};

#define VIEW_UNKNOWN UINT64_MAX

/* What the run waits for, if that is to be said. */
enum {
	VIEW_NOTICE_SERVER = 1,
	VIEW_NOTICE_SOURCE = 2
};

struct view {
	enum view_state state;
	/* Waiting: */
	const char *host, *why; /* fit to be shown */
	io_time since;
	int brief;  /* so far only to be shown to who asks */
	int notice; /* VIEW_NOTICE_*; said once if no progress is shown */
	int once;   /* say it once, also if progress is shown */
	/* Otherwise, the file at hand: */
	const char *path;     /* NULL: none is */
	uint64_t sent, total; /* bytes; total may be VIEW_UNKNOWN */
	/* and the run, if it has several files. */
	int several;
	uint64_t done, found; /* files that have their result, and all */
	int complete;	      /* no more will be found */
	/* In any case. */
	uint64_t carried; /* bytes that went over connections of this run */
};

/* Of a connection at work on a request, or on none if that is NULL. */
void view_of(struct view *view, const struct run *run,
    const struct request *request, enum view_state state);

/* "busy, waiting for a free worker" and the like; why stays the caller's. */
void view_waiting(
    struct view *view, const struct run *run, const char *why, io_time since);

#endif
