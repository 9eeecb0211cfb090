/* SPDX-License-Identifier: ISC */
/* Signals: those that end a run, and SIGUSR1 for its progress. */
#include "client/shared/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

/* Both threads use them. */
static atomic_int caught, asked;

static void
note(int signal_number)
{
	caught = signal_number;
}

/* Signals that have a handler, and were not blocked at the start. */
static sigset_t handled;

static void
handle(int signal_number, const struct sigaction *action)
{
	sigset_t blocked;

	/* None of these can fail: the signal exists. */
	sigaction(signal_number, action, NULL);
	if (pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 &&
	    !sigismember(&blocked, signal_number))
		sigaddset(&handled, signal_number);
}

static void
note_usr1(int signal_number)
{
	(void)signal_number;
	asked = 1;
}

void
interrupt_listen(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = note_usr1;
	/* SIGUSR1 still interrupts poll(), which is never restarted. */
	action.sa_flags = SA_RESTART;
	sigemptyset(&handled);
	handle(SIGUSR1, &action);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

int
interrupt_asked(void)
{
	int result = asked;

	if (result)
		asked = 0;
	return result;
}

void
interrupt_catch(void)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action, before;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		action.sa_handler = note;
		sigaction(ending[i], NULL, &before);
		if (before.sa_handler != SIG_IGN)
			handle(ending[i], &action);
	}
}

void
interrupt_accept(void)
{
	const struct timespec at_once = {0, 0};
	int accepted;

	while ((accepted = sigtimedwait(&handled, NULL, &at_once)) > 0)
		if (accepted == SIGUSR1)
			asked = 1;
		else
			caught = accepted;
}

int
interrupt_caught(void)
{
	return caught;
}

void
interrupt_raise(int signal_number)
{
	struct sigaction action;
	sigset_t only;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = SIG_DFL;
	sigaction(signal_number, &action, NULL);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	raise(signal_number);
}
