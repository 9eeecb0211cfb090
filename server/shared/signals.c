/* SPDX-License-Identifier: ISC */
/* Signal flags: the handler sets them, the main loop reads them. */
#include "server/shared/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>

#define SIGNALS_MAX 64

static const int ignored[] = {SIGTTOU, SIGTTIN, SIGPIPE, SIGXFSZ};
static const int handled[] = {
    SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static volatile sig_atomic_t flags[SIGNALS_MAX];

static void
set_flag(int signal)
{
	if (signal > 0 && signal < SIGNALS_MAX)
		flags[signal] = 1;
}

/* Without SA_RESTART, a blocked call returns and its caller checks flags. */
static void
set_action(const int *signals, size_t count, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < count; i++)
		sigaction(signals[i], &action, NULL);
}

void
signals_init(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	set_action(ignored, COUNT(ignored), SIG_IGN);
	set_action(handled, COUNT(handled), set_flag);
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
signals_clear(void)
{
	for (int i = 0; i < SIGNALS_MAX; i++)
		flags[i] = 0;
}

void
signals_default(void)
{
	set_action(handled, COUNT(handled), SIG_DFL);
}

void
signals_unblock(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
signals_pending(int signal)
{
	return flags[signal] != 0;
}

int
signals_consume(int signal)
{
	int result = signals_pending(signal);

	flags[signal] = 0;
	return result;
}
