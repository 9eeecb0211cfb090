/* SPDX-License-Identifier: ISC */
/* Check a record: a file must be durable before its durable result is sent. */
#include "tests/system/oracle.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/wire.h"

#define PROCESSES 512
/* The most files and directories at a time that are not durable. */
#define PLACES 1024
#define STREAM (2 * (WIRE_HEADER + WIRE_CONTROL_MAX))

/* A file that is not durable yet, or a new directory that may be lost. */
struct place {
	char *path; /* NULL: free */
	int synced, published, kept;
	pid_t pid;
};

/* A process, and the bytes that it sent on its connection. */
struct session {
	pid_t pid;
	int fd, greeted;
	int results;	 /* durable results that it sent */
	int commits;	 /* durable files, and syncs of other paths */
	int new_results; /* durable results in the last send */
	size_t length;
	uint8_t stream[STREAM]; /* bytes that are not a whole frame yet */
};

static struct place files[PLACES], directories[PLACES];
static struct session *sessions[PROCESSES];
static struct oracle *result;

static struct session *
find_session(pid_t pid)
{
	size_t i = 0;

	while (i < PROCESSES && sessions[i] != NULL && sessions[i]->pid != pid)
		i++;
	if (i == PROCESSES) {
		ck_abort_msg("the record has too many processes");
		return NULL;
	}
	if (sessions[i] == NULL) {
		sessions[i] = calloc(1, sizeof(*sessions[i]));
		ck_assert_ptr_nonnull(sessions[i]);
		sessions[i]->pid = pid;
		sessions[i]->fd = -1;
	}
	return sessions[i];
}

/* Returns an unpublished place with this path, or NULL. */
static struct place *
find_place(struct place *places, const char *path)
{
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].path != NULL && !places[i].published &&
		    strcmp(places[i].path, path) == 0)
			return &places[i];
	return NULL;
}

static void
forget(struct place *place)
{
	free(place->path);
	place->path = NULL;
}

/* Several files may have one path: the last published file has the name. */
static struct place *
add_place(struct place *places, const char *path, pid_t pid)
{
	static size_t turn;
	struct place *place = NULL;

	for (size_t i = 0; place == NULL && i < PLACES; i++)
		if (places[i].path == NULL)
			place = &places[i];
	/* Only a server without syncs needs more: replace any place. */
	if (place == NULL)
		place = &places[turn++ % PLACES];
	forget(place);
	*place = (struct place){.path = strdup(path), .pid = pid};
	ck_assert_ptr_nonnull(place->path);
	return place;
}

/* Returns nonzero if path is an entry of the directory. */
static int
is_entry_of(const char *path, const char *directory)
{
	const char *slash = strrchr(path, '/');
	size_t length = strlen(directory);

	return slash != NULL && (size_t)(slash - path) == length &&
	    strncmp(path, directory, length) == 0;
}

/* Returns nonzero if a new directory above the path may be lost. */
static int
has_unsynced_parent(const char *path)
{
	for (size_t i = 0; i < PLACES; i++) {
		const char *directory = directories[i].path;
		size_t length = directory != NULL ? strlen(directory) : 0;

		if (directory != NULL &&
		    strncmp(path, directory, length) == 0 &&
		    path[length] == '/')
			return 1;
	}
	return 0;
}

/* If the directory itself is durable, its sync makes its entries durable. */
static void
sync_directory(pid_t pid, const char *path)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (directories[i].path != NULL &&
		    is_entry_of(directories[i].path, path))
			forget(&directories[i]);
		if (files[i].path != NULL && files[i].pid == pid &&
		    files[i].published && is_entry_of(files[i].path, path))
			files[i].kept = 1;
	}
}

static void
on_change(pid_t pid, const char *path)
{
	struct place *place = find_place(files, path);

	if (place == NULL)
		place = add_place(files, path, pid);
	place->synced = 0;
}

static void
on_sync(pid_t pid, const char *path)
{
	struct place *place = find_place(files, path);

	/* find_place skips published files: their sync comes too late. */
	if (place != NULL)
		place->synced = 1;
	else {
		find_session(pid)->commits++;
		sync_directory(pid, path);
	}
}

static void
on_move(pid_t pid, const char *old, const char *name)
{
	struct place *place = find_place(files, old);
	int synced = place != NULL && place->synced;

	if (place != NULL)
		forget(place);
	place = add_place(files, name, pid);
	place->synced = synced;
	place->published = 1;
}

static void
report_violation(const char *path, const char *what)
{
	if (result->violations++ == 0)
		snprintf(result->first, sizeof(result->first), "%.200s: %s",
		    path, what);
}

/*
 * After a durable result, all files that the process published must be durable.
 */
static void
check_published(struct session *session)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *file = &files[i];

		if (file->path == NULL || file->pid != session->pid ||
		    !file->published)
			continue;
		if (!file->synced)
			report_violation(
			    file->path, "published before it was synced");
		else if (!file->kept)
			report_violation(
			    file->path, "its directory was not synced");
		else if (has_unsynced_parent(file->path))
			report_violation(file->path, "a parent may be lost");
		else
			session->commits++;
		forget(file);
	}
}

static void
note_frame(struct session *session, const struct wire_frame *frame)
{
	struct wire_result answer;

	if (frame->type != WIRE_RESULT ||
	    wire_read_result(
		session->stream + WIRE_HEADER, frame->length, &answer) != 0 ||
	    answer.status != STATUS_STORED || !answer.durable)
		return;
	result->durable++;
	session->new_results++;
}

/* Read a whole preamble or frame at the front.  Returns its length, or 0. */
static size_t
read_frame(struct session *session)
{
	struct wire_frame frame;
	const char *reason;

	if (!session->greeted) {
		if (session->length < WIRE_GREETING)
			return 0;
		session->greeted = 1;
		return WIRE_GREETING;
	}
	if (session->length < WIRE_HEADER)
		return 0;
	ck_assert_int_eq(wire_read_header(session->stream, WIRE_FROM_SERVER,
			     &frame, &reason),
	    0);
	if (session->length < WIRE_HEADER + frame.length)
		return 0;
	note_frame(session, &frame);
	return WIRE_HEADER + frame.length;
}

static void
on_send(pid_t pid, int fd, const char *hex)
{
	struct session *session = find_session(pid);
	unsigned byte;
	size_t length;

	if (session->fd != fd)
		return;
	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		ck_assert_uint_lt(session->length, STREAM);
		session->stream[session->length++] = (uint8_t)byte;
	}
	session->new_results = 0;
	while ((length = read_frame(session)) > 0) {
		session->length -= length;
		memmove(
		    session->stream, session->stream + length, session->length);
	}
	session->results += session->new_results;
	if (session->new_results > 0)
		check_published(session);
	if (session->results > session->commits)
		report_violation(
		    "a result", "sent before its file was durable");
}

/*
 * A worker serves one connection at a time: earlier ones get no more results.
 */
static void
on_accept(pid_t pid, int fd)
{
	struct session *session = find_session(pid);

	for (size_t i = 0; i < PLACES; i++)
		if (files[i].path != NULL && files[i].pid == pid &&
		    files[i].published)
			forget(&files[i]);
	session->fd = fd;
	session->greeted = 0;
	session->length = 0;
}

static void
read_line(char *line)
{
	char *rest = NULL, *word, *first, *second;
	pid_t pid = (pid_t)strtol(strtok_r(line, " ", &rest), NULL, 10);

	word = strtok_r(NULL, " ", &rest);
	first = strtok_r(NULL, " ", &rest);
	second = strtok_r(NULL, " ", &rest);
	if (word == NULL || first == NULL) {
		ck_abort_msg("the record has an incomplete line");
		return;
	}
	if (strcmp(word, "accept") == 0)
		on_accept(pid, (int)strtol(first, NULL, 10));
	else if (strcmp(word, "send") == 0)
		on_send(pid, (int)strtol(first, NULL, 10), second);
	else if (strcmp(word, "sync") == 0)
		on_sync(pid, first);
	else if (strcmp(word, "move") == 0)
		on_move(pid, first, second);
	else if (strcmp(word, "mkdir") == 0)
		(void)add_place(directories, first, pid);
	else if (strstr(first, "/.ftx-") != NULL)
		on_change(pid, first);
}

static void
clear(void)
{
	for (size_t i = 0; i < PLACES; i++) {
		forget(&files[i]);
		forget(&directories[i]);
	}
	for (size_t i = 0; i < PROCESSES; i++) {
		free(sessions[i]);
		sessions[i] = NULL;
	}
}

void
oracle_check(struct oracle *oracle, const char *path)
{
	FILE *record = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	ck_assert_ptr_nonnull(record);
	memset(oracle, 0, sizeof(*oracle));
	result = oracle;
	while (getline(&line, &size, record) > 0) {
		line[strcspn(line, "\n")] = '\0';
		read_line(line);
	}
	free(line);
	fclose(record);
	clear();
}
