/* SPDX-License-Identifier: ISC */
/* Directories below the receiving one: opened one by one, and kept open. */
#include "server/store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"
#include "server/shared/inode.h"
#include "server/store/sweep.h"

void
directories_init(struct directories *directories, const struct store *store)
{
	directories->store = store;
	directories->first = NULL;
	directories->count = 0;
}

void
directory_release(struct directory *directory)
{
	while (directory != NULL && --directory->references == 0) {
		struct directory *parent = directory->parent;

		listing_release(&directory->listing);
		close(directory->fd);
		free(directory);
		directory = parent;
	}
}

/* Remove the directory at *at from the list, and release its reference. */
static void
forget_one(struct directories *directories, struct directory **at)
{
	struct directory *directory = *at;

	*at = directory->next;
	directories->count--;
	directory_release(directory);
}

void
directories_forget(struct directories *directories)
{
	while (directories->first != NULL)
		forget_one(directories, &directories->first);
}

/* If the cache is full, forget the least recently used directory. */
static void
make_room(struct directories *directories)
{
	struct directory **at = &directories->first;

	if (directories->first == NULL || directories->count < DIRECTORY_CACHE)
		return;
	while ((*at)->next != NULL)
		at = &(*at)->next;
	forget_one(directories, at);
}

/* Returns the start of the last component of the path. */
static const char *
last_component(const struct directory *directory)
{
	size_t parent = directory->parent->length;

	return directory->path + parent + (parent > 0);
}

/* Returns nonzero if the name in the parent still refers to the directory. */
static int
has_its_name(const struct directory *directory)
{
	struct stat held;
	char name[WIRE_COMPONENT_MAX + 1];
	const char *component = last_component(directory);

	snprintf(name, sizeof(name), "%.*s",
	    (int)(directory->path + directory->length - component), component);
	return inode_has_name(directory->fd, directory->parent->fd, name,
		   AT_SYMLINK_NOFOLLOW, &held) == 1;
}

int
directory_is_current(const struct directory *directory)
{
	while (directory->parent != NULL && has_its_name(directory))
		directory = directory->parent;
	return directory->parent == NULL;
}

/* Returns the open directory with that path, moved to the front, or NULL. */
static struct directory *
find_open(struct directories *directories, const char *path, size_t length)
{
	struct directory **at = &directories->first;
	struct directory *found;

	while (*at != NULL &&
	    ((*at)->length != length || memcmp((*at)->path, path, length) != 0))
		at = &(*at)->next;
	found = *at;
	if (found != NULL) {
		*at = found->next;
		found->next = directories->first;
		directories->first = found;
	}
	return found;
}

/* Check a directory that was just opened.  Returns 0, or -1 with errno. */
static int
check_opened(const struct store *store, int is_root, const struct stat *found,
    unsigned marks)
{
	/* A mount of the same file system has the same device. */
	if (found->st_dev != store->device ||
	    (!is_root && (marks & OS_MARK_MOUNT) != 0)) {
		errno = EXDEV;
		return -1;
	}
	/* If names fold, other names lead to the staging directory, too. */
	if (found->st_ino == store->staging_inode) {
		errno = EACCES;
		return -1;
	}
	return 0;
}

/*
 * Check an open directory and add it to the front of the list, which then owns
 * fd.  Returns it, or NULL with errno and fd closed.
 */
static struct directory *
add_opened(struct directories *directories, int fd, struct directory *parent,
    const char *path, size_t length)
{
	const struct store *store = directories->store;
	struct directory *node = NULL;
	struct stat found;
	unsigned marks;

	if (os_stat(fd, "", &found, &marks) == 0 &&
	    check_opened(store, parent == NULL, &found, marks) == 0)
		node = calloc(1, sizeof(*node) + length);
	if (node == NULL) {
		close(fd);
		return NULL;
	}
	node->fd = fd;
	node->group =
	    (found.st_mode & S_ISGID) != 0 ? found.st_gid : STORE_NO_GROUP;
	node->owner = found.st_uid;
	node->sticky = (found.st_mode & S_ISVTX) != 0;
	node->immutable = (marks & OS_MARK_IMMUTABLE) != 0;
	node->references = 1;
	node->linked = parent == NULL;
	node->folds = file_system_folds(&store->system, fd);
	node->parent = parent;
	if (parent != NULL)
		parent->references++;
	node->length = length;
	memcpy(node->path, path, length);
	make_room(directories);
	node->next = directories->first;
	directories->first = node;
	directories->count++;
	return node;
}

/* Create a directory unless it exists.  Returns 0, or -1 with errno. */
static int
create_child(int parent, const char *name, mode_t mode, int *created)
{
	*created = mkdirat(parent, name, mode) == 0;
	return *created || errno == EEXIST ? 0 : -1;
}

/*
 * Open a directory.  If it is missing and create is not 0, create it and set
 * *created.  Returns a descriptor, or -1 with errno.
 */
static int
open_child(const struct store *store, int parent, const char *name,
    mode_t create, int *created)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, name, flags);

	*created = 0;
	if (fd != -1 || errno != ENOENT || create == 0)
		return fd;
	if (create_child(parent, name, create, created) == -1 &&
	    (!sweep_after_failure(store, 0) ||
		create_child(parent, name, create, created) == -1))
		return -1;
	return openat(parent, name, flags);
}

static void
fail_writing(
    const struct directory *directory, int error, struct outcome *outcome)
{
	const char *name = "the receiving directory";
	size_t length = strlen(name);

	if (directory->parent != NULL) {
		name = last_component(directory);
		length = (size_t)(directory->path + directory->length - name);
	}
	outcome_set(outcome, status_of_errno(error),
	    "%.*s: the server cannot write there: %s", (int)length, name,
	    strerror(error));
}

int
directory_may_write(struct directory *directory, struct outcome *outcome)
{
	int error = directory->cross_device ? EXDEV : 0;

	if (error == 0 && !directory->may_write) {
		if (faccessat(directory->fd, ".", W_OK | X_OK, AT_EACCESS) ==
		    -1)
			error = errno;
		directory->may_write = error == 0;
	}
	if (error == 0)
		return 0;
	fail_writing(directory, error, outcome);
	errno = error;
	return -1;
}

int
directory_check_name(
    struct directory *directory, const char *name, struct outcome *outcome)
{
	struct stat found;

	if (!directory->folds)
		return 0;
	if (fstatat(directory->fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0)
		return listing_check(
		    &directory->listing, directory->fd, name, &found, outcome);
	if (errno == ENOENT)
		return 0;
	outcome_set_errno(outcome, errno, name);
	return -1;
}

/* Set the outcome for a component that could not be opened.  Keeps errno. */
static void
fail_opening(struct outcome *outcome, int parent, const char *name)
{
	int error = errno;
	struct stat found;

	if (error == EXDEV)
		outcome_set(outcome, STATUS_REFUSED,
		    "%s: on another file system, or mount, than the receiving "
		    "directory",
		    name);
	else if ((error == ELOOP || error == ENOTDIR) &&
	    fstatat(parent, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(found.st_mode))
		outcome_set(outcome, STATUS_REFUSED,
		    "%s: a symbolic link, which is never followed", name);
	else
		outcome_set_errno(outcome, error, name);
	errno = error;
}

/* Open the last component of path; NULL with outcome and errno on failure. */
static struct directory *
open_component(struct directories *directories, struct directory *parent,
    const char *path, size_t start, size_t length, mode_t create,
    struct outcome *outcome)
{
	char name[WIRE_COMPONENT_MAX + 1];
	struct directory *child = NULL;
	int fd, created;

	memcpy(name, path + start, length - start);
	name[length - start] = '\0';
	fd = open_child(directories->store, parent->fd, name, create, &created);
	if (fd != -1 && !created &&
	    directory_check_name(parent, name, outcome) == -1) {
		int error = errno;

		close(fd);
		errno = error;
		return NULL;
	}
	if (fd != -1)
		child = add_opened(directories, fd, parent, path, length);
	if (child == NULL)
		fail_opening(outcome, parent->fd, name);
	/* ENOENT means that it could be created. */
	if (child == NULL && errno == ENOENT && create == 0 &&
	    directory_may_write(parent, outcome) == 0)
		errno = ENOENT;
	return child;
}

/*
 * Linux reports a write-back error once for each open file description.  If the
 * workers shared root, only one of them would get the error, so open the
 * directory again.  If its permissions forbid that, share root nevertheless.
 */
static int
open_root(int root)
{
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 && errno == EACCES)
		fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	return fd;
}

static struct directory *
find_root(struct directories *directories, struct outcome *outcome)
{
	struct directory *root = find_open(directories, "", 0);
	int fd;

	if (root != NULL)
		return root;
	fd = open_root(directories->store->root);
	if (fd != -1)
		root = add_opened(directories, fd, NULL, "", 0);
	if (root == NULL)
		outcome_set_errno(outcome, errno, "the receiving directory");
	return root;
}

/* Returns the offset in path at which the component at start ends. */
static size_t
component_end(const char *path, size_t length, size_t start)
{
	const char *slash = memchr(path + start, '/', length - start);

	return slash != NULL ? (size_t)(slash - path) : length;
}

/*
 * Find the deepest open directory on the path, or the root.  If it has been
 * moved, forget all directories, and use the root.  Sets *start to the offset
 * of the next component.  Returns NULL with outcome and errno on failure.
 */
static struct directory *
find_nearest(struct directories *directories, const char *path, size_t length,
    size_t *start, struct outcome *outcome)
{
	struct directory *found = find_open(directories, path, length);
	size_t end = length;

	while (found == NULL && end > 0) {
		while (end > 0 && path[--end] != '/')
			continue;
		found = find_open(directories, path, end);
	}
	if (found != NULL && !directory_is_current(found)) {
		directories_forget(directories);
		found = NULL;
		end = 0;
	}
	if (found == NULL)
		found = find_root(directories, outcome);
	*start = end > 0 && end < length ? end + 1 : end;
	return found;
}

struct directory *
directories_find(struct directories *directories, const char *path,
    size_t length, mode_t create, struct outcome *outcome)
{
	size_t start, end;
	struct directory *child,
	    *found = find_nearest(directories, path, length, &start, outcome);

	if (found != NULL)
		found->references++;
	while (found != NULL && start < length) {
		end = component_end(path, length, start);
		child = open_component(
		    directories, found, path, start, end, create, outcome);
		if (child != NULL)
			child->references++;
		directory_release(found);
		found = child;
		start = end < length ? end + 1 : end;
	}
	return found;
}

int
directory_sync(struct directory *directory)
{
	int result = store_sync_directory(directory->fd);
	struct directory *at;

	for (at = directory; result != -1 && !at->linked; at = at->parent) {
		int above = store_sync_directory(at->parent->fd);

		if (above != 0)
			result = above;
	}
	/* A directory is linked only if all of its parents are. */
	for (at = directory; result != -1 && !at->linked; at = at->parent)
		at->linked = 1;
	return result;
}
