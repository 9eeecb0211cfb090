/* SPDX-License-Identifier: ISC */
/* Signals as flags: a handler notes that one came, and does nothing else. */
#include "server/shared/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>

#define SIGNALS_MAX 64

static const int ignored[] = {SIGTTOU, SIGTTIN, SIGPIPE, SIGXFSZ};
static const int noted[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static volatile sig_atomic_t came[SIGNALS_MAX];

static void
note(int signal)
{
	if (signal > 0 && signal < SIGNALS_MAX)
		came[signal] = 1;
}

/* No SA_RESTART: a call that waits must come back to look at the flags. */
static void
set_all(const int *signals, size_t count, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < count; i++)
		sigaction(signals[i], &action, NULL);
}

void
signals_hold(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	set_all(ignored, COUNT(ignored), SIG_IGN);
	set_all(noted, COUNT(noted), note);
}

int
signals_wait(io_time deadline)
{
	struct timespec timeout = io_timespec(deadline - io_now());
	sigset_t none;

	sigemptyset(&none);
	if (pselect(0, NULL, NULL, NULL, deadline == IO_NEVER ? NULL : &timeout,
		&none) == -1 &&
	    errno != EINTR)
		return -1;
	return 0;
}

void
signals_forget(void)
{
	for (int i = 0; i < SIGNALS_MAX; i++)
		came[i] = 0;
}

void
signals_default(void)
{
	set_all(noted, COUNT(noted), SIG_DFL);
}

void
signals_unblock(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
signals_came(int signal)
{
	return came[signal] != 0;
}

int
signals_take(int signal)
{
	int result = signals_came(signal);

	came[signal] = 0;
	return result;
}
