/* SPDX-License-Identifier: ISC */
/* The signals that end a run, and the one that asks how far it is. */
#include "client/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static volatile sig_atomic_t caught, asked;

static void
note(int signal_number)
{
	caught = signal_number;
}

static void
note_question(int signal_number)
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
	action.sa_handler = note_question;
	/* What waits is woken all the same: poll() is never restarted. */
	action.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
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
		/* None of these can fail: the signals exist. */
		sigaction(ending[i], NULL, &before);
		if (before.sa_handler != SIG_IGN)
			sigaction(ending[i], &action, NULL);
	}
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
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	raise(signal_number);
}
