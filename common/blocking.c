/* SPDX-License-Identifier: ISC */
/* Calls that may block for long, and a second thread that acts meanwhile. */
#include "common/blocking.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Stack of the second thread, in bytes; messages need large buffers. */
#define STACK (256 * 1024)

/* Protected by the lock, which is used only while the second thread runs. */
static struct {
	pthread_mutex_t lock;
	blocking_act *act;
	void *context;
	const char *about;
	unsigned long turn;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The second thread sleeps on this. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int ends;
} sleeper = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Only the main thread uses these. */
static pthread_t second;
static int is_watched;
static unsigned depth; /* of nested pairs */
static const char *about_all = "";

/* Returns nonzero if the second thread must end. */
static int
sleep_a_tick(void)
{
	const struct timespec until = io_timespec(io_now() + BLOCKING_TICK);
	int ends;

	pthread_mutex_lock(&sleeper.lock);
	while (!sleeper.ends &&
	    pthread_cond_timedwait(&sleeper.changed, &sleeper.lock, &until) ==
		0)
		;
	ends = sleeper.ends;
	pthread_mutex_unlock(&sleeper.lock);
	return ends;
}

static void *
watch(void *unused)
{
	unsigned long turn = ULONG_MAX;
	io_time since = 0;

	while (!sleep_a_tick()) {
		/* The main thread holds the lock unless it is in a call. */
		if (pthread_mutex_trylock(&shared.lock) != 0)
			continue;
		if (turn == shared.turn) {
			shared.act(shared.context, shared.about, since);
		} else {
			turn = shared.turn;
			since = io_now();
		}
		pthread_mutex_unlock(&shared.lock);
	}
	return unused;
}

/* Returns 0, or an error number. */
static int
start(void)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	(void)pthread_attr_setstacksize(&attributes, STACK);
	/* Signals must interrupt the calls of the main thread. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&second, &attributes, watch, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

/* Returns 0, or an error number. */
static int
make_sleeper(void)
{
	pthread_condattr_t attributes;
	int error = pthread_condattr_init(&attributes);

	if (error != 0)
		return error;
	error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (error == 0)
		error = pthread_cond_init(&sleeper.changed, &attributes);
	pthread_condattr_destroy(&attributes);
	sleeper.ends = 0;
	return error;
}

int
blocking_watch(blocking_act *act, void *context)
{
	int error = make_sleeper();

	if (error == 0) {
		shared.act = act;
		shared.context = context;
		pthread_mutex_lock(&shared.lock);
		error = start();
		if (error == 0) {
			is_watched = 1;
			return 0;
		}
		pthread_mutex_unlock(&shared.lock);
		pthread_cond_destroy(&sleeper.changed);
	}
	errno = error;
	return -1;
}

void
blocking_unwatch(void)
{
	if (!is_watched)
		return;
	pthread_mutex_lock(&sleeper.lock);
	sleeper.ends = 1;
	pthread_cond_signal(&sleeper.changed);
	pthread_mutex_unlock(&sleeper.lock);
	/* The second thread cannot act: we hold the lock until it has ended. */
	pthread_join(second, NULL);
	pthread_cond_destroy(&sleeper.changed);
	pthread_mutex_unlock(&shared.lock);
	is_watched = 0;
}

void
blocking_turn(void)
{
	shared.turn++;
}

void
blocking_about(const char *name)
{
	about_all = name;
}

void
blocking_enter(const char *about)
{
	if (!is_watched || depth++ > 0)
		return;
	shared.about = about != NULL ? about : about_all;
	pthread_mutex_unlock(&shared.lock);
}

void
blocking_leave(void)
{
	int error = errno;

	if (is_watched && --depth == 0)
		pthread_mutex_lock(&shared.lock);
	errno = error;
}

int
blocking_close(int fd)
{
	int result;

	blocking_enter(NULL);
	result = close(fd);
	blocking_leave();
	return result;
}
