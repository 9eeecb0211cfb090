/* SPDX-License-Identifier: ISC */
/* Walk through a directory tree, one entry at a time. */
#include "client/sources/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/settings/exclude.h"
#include "client/sources/source.h"
#include "common/blocking.h"

struct tree_level {
	DIR *dir;    /* or NULL if the names are in memory */
	int fd;	     /* for names in memory; -1 while the walk is deeper */
	char *names; /* owned; each ends with a NUL */
	size_t size, next;
	size_t length;	   /* of the directory's path */
	int error;	   /* to be reported before the directory is left */
	struct stat found; /* the directory when it was entered */
};

static struct tree_level *
top_of(const struct tree *tree)
{
	return &tree->levels[tree->depth - 1];
}

static int
is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int
hold_name(struct tree_level *level, size_t *room, const char *name)
{
	size_t length = strlen(name) + 1;
	char *grown;

	if (level->size + length > *room) {
		*room = 2 * (*room + length);
		grown = realloc(level->names, *room);
		if (grown == NULL)
			return -1;
		level->names = grown;
	}
	memcpy(level->names + level->size, name, length);
	level->size += length;
	return 0;
}

/* Read all names of a directory.  Returns 0, or -1 with errno. */
static int
hold_names(struct tree_level *level, DIR *dir)
{
	struct dirent *entry;
	size_t room = 0;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (hold_name(level, &room, entry->d_name) == -1)
			return -1;
	}
}

/* Keep the directory open, or its names in memory.  fd is owned. */
static int
open_level(struct tree_level *level, int fd, int stays_open)
{
	DIR *dir = fdopendir(fd);
	int error;

	if (dir == NULL) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	if (stays_open) {
		level->dir = dir;
		return 0;
	}
	level->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	/* tree_next reports the error, without the names that were read. */
	if (level->fd == -1 || hold_names(level, dir) == -1)
		level->error = errno;
	closedir(dir);
	return 0;
}

static void
close_level(struct tree_level *level)
{
	blocking_enter(NULL);
	if (level->dir != NULL)
		closedir(level->dir);
	if (level->fd != -1)
		close(level->fd);
	blocking_leave();
	free(level->names);
}

static int
grow_levels(struct tree *tree)
{
	size_t capacity = 2 * tree->capacity + 8;
	struct tree_level *grown;

	if (tree->depth < tree->capacity)
		return 0;
	grown = realloc(tree->levels, capacity * sizeof(*grown));
	if (grown == NULL)
		return -1;
	tree->levels = grown;
	tree->capacity = capacity;
	return 0;
}

/* Enter the directory that tree->path names.  fd is owned. */
static int
push(struct tree *tree, int fd, const struct stat *found)
{
	struct tree_level level = {
	    .fd = -1, .length = strlen(tree->path), .found = *found};
	struct tree_level *parent;
	int result;

	if (grow_levels(tree) == -1) {
		close(fd);
		return -1;
	}
	blocking_enter(tree->path);
	result = open_level(&level, fd, tree->depth < tree->open_max);
	blocking_leave();
	if (result == -1)
		return -1;
	if (tree->depth > 0) {
		parent = top_of(tree);
		if (parent->fd != -1)
			close(parent->fd);
		parent->fd = -1;
	}
	tree->levels[tree->depth++] = level;
	return 0;
}

/* Open a directory again after the walk was deeper. */
static void
reopen(struct tree *tree, struct tree_level *level)
{
	struct source source = {.path = tree->path, .root = tree->root};
	struct outcome ignored;
	struct stat found;

	tree->path[level->length] = '\0';
	if (source_open(&source, tree->follow, &level->fd, &found, &ignored) !=
	    SOURCE_DIRECTORY) {
		level->fd = -1;
		level->error = ESTALE;
	} else if (found.st_dev != level->found.st_dev ||
	    found.st_ino != level->found.st_ino) {
		level->error = ESTALE;
	}
}

static void
pop(struct tree *tree)
{
	struct tree_level *level;

	close_level(top_of(tree));
	tree->depth--;
	if (tree->depth == 0)
		return;
	level = top_of(tree);
	if (level->dir == NULL && level->next < level->size)
		reopen(tree, level);
}

int
tree_begin(struct tree *tree, const char *root, int fd,
    const struct stat *found, int follow, const struct setting_list *exclude)
{
	size_t length = strlen(root);

	*tree = (struct tree){.follow = follow,
	    .exclude = exclude,
	    .open_max = TREE_OPEN_MAX,
	    .root = length,
	    .room = length + 1 + WIRE_PATH_MAX};
	tree->path = malloc(tree->room);
	if (tree->path == NULL) {
		close(fd);
		return -1;
	}
	memcpy(tree->path, root, length + 1);
	if (push(tree, fd, found) == 0)
		return 0;
	tree_end(tree);
	return -1;
}

void
tree_end(struct tree *tree)
{
	while (tree->depth > 0)
		close_level(&tree->levels[--tree->depth]);
	free(tree->levels);
	free(tree->path);
	*tree = (struct tree){.depth = 0};
}

/*
 * Returns the next name.  Returns NULL at the end, or if level->error is set.
 * path is the previous entry's path.  If reading blocks, ftx shows that path.
 */
static const char *
next_name(struct tree_level *level, const char *path)
{
	struct dirent *entry;
	const char *name;

	if (level->error != 0)
		return NULL;
	if (level->dir == NULL) {
		if (level->next == level->size)
			return NULL;
		name = level->names + level->next;
		level->next += strlen(name) + 1;
		return name;
	}
	blocking_enter(path);
	errno = 0;
	entry = readdir(level->dir);
	blocking_leave();
	if (entry == NULL)
		level->error = errno;
	return entry != NULL ? entry->d_name : NULL;
}

/* Append a name to its directory's path.  Returns 0, or -1 with errno. */
static int
append(struct tree *tree, size_t length, const char *name)
{
	size_t slash = length > 0 && tree->path[length - 1] != '/';
	size_t size = strlen(name) + 1, needed = length + slash + size;
	char *grown;

	if (needed > tree->room) {
		grown = realloc(tree->path, needed);
		if (grown == NULL)
			return -1;
		tree->path = grown;
		tree->room = needed;
	}
	memcpy(tree->path + length, "/", slash);
	memcpy(tree->path + length + slash, name, size);
	return 0;
}

static enum tree_event
fail(struct tree_entry *entry, const char *text)
{
	outcome_set(&entry->outcome, STATUS_SOURCE, "%s", text);
	return TREE_FAILED;
}

/* No name is left.  If there is an error, report it; then leave. */
static enum tree_event
leave(struct tree *tree, struct tree_entry *entry)
{
	struct tree_level *level = top_of(tree);
	int error = level->error;

	tree->path[level->length] = '\0';
	entry->path = tree->path;
	if (error != 0) {
		level->error = 0;
		level->next = level->size;
		if (level->dir != NULL)
			closedir(level->dir);
		level->dir = NULL;
		return fail(entry,
		    error == ESTALE
			? "the directory was replaced while it was read"
			: strerror(error));
	}
	entry->found = level->found;
	tree->left = 1;
	return TREE_LEAVE;
}

/* Nonzero if a symbolic link led back to a directory above. */
static int
is_loop(const struct tree *tree, const struct stat *found)
{
	for (size_t i = 0; i < tree->depth; i++)
		if (tree->levels[i].found.st_dev == found->st_dev &&
		    tree->levels[i].found.st_ino == found->st_ino)
			return 1;
	return 0;
}

static enum tree_event
enter(struct tree *tree, struct tree_entry *entry)
{
	if (is_loop(tree, &entry->found)) {
		close(entry->fd);
		outcome_set(&entry->outcome, STATUS_SOURCE,
		    "leads back to a directory that contains it");
		return TREE_SKIPPED;
	}
	if (push(tree, entry->fd, &entry->found) == -1)
		return fail(entry, strerror(errno));
	return TREE_ENTER;
}

/* Open the entry that tree->path names. */
static enum tree_event
open_entry(struct tree *tree, struct tree_entry *entry)
{
	const struct tree_level *level = top_of(tree);
	int directory = level->dir != NULL ? dirfd(level->dir) : level->fd;
	const char *name = tree->path + level->length;
	enum source_kind kind;

	entry->path = tree->path;
	blocking_enter(tree->path);
	kind = source_open_at(directory, name + strspn(name, "/"), tree->follow,
	    &entry->fd, &entry->found, &entry->outcome);
	blocking_leave();
	switch (kind) {
	case SOURCE_FILE:
		return TREE_FILE;
	case SOURCE_DIRECTORY:
		return enter(tree, entry);
	case SOURCE_SKIPPED:
		return TREE_SKIPPED;
	default:
		return TREE_FAILED;
	}
}

/* Nonzero if no server would accept the path. */
static int
is_too_long(const struct tree *tree)
{
	return strlen(tree->path + tree->root) > WIRE_PATH_MAX;
}

static int
is_excluded(const struct tree *tree)
{
	const struct source source = {.path = tree->path, .root = tree->root};

	return exclude_matches(tree->exclude, source_below_root(&source));
}

enum tree_event
tree_next(struct tree *tree, struct tree_entry *entry)
{
	struct tree_level *level;
	const char *name;

	if (tree->left)
		pop(tree);
	tree->left = 0;
	while (tree->depth > 0) {
		level = top_of(tree);
		name = next_name(level, tree->path);
		if (name == NULL)
			return leave(tree, entry);
		if (is_dot(name))
			continue;
		entry->path = tree->path;
		if (append(tree, level->length, name) == -1)
			return fail(entry, strerror(errno));
		entry->path = tree->path;
		if (is_excluded(tree))
			continue;
		return is_too_long(tree) ? fail(entry, "its path is too long")
					 : open_entry(tree, entry);
	}
	return TREE_END;
}

void
tree_prune(struct tree *tree)
{
	pop(tree);
}
