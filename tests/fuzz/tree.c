/* SPDX-License-Identifier: ISC */
/* A receiving directory with links that lead outside, and files outside. */
#include "tests/fuzz/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "tests/fuzz/fuzz.h"

static struct stat sentinel, outside;

static void
make_file(int at, const char *path, const char *text)
{
	int fd = openat(at, path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	fuzz_check(fd != -1 && io_write_all(fd, text, strlen(text)) == 0);
	close(fd);
}

void
tree_make_outside(void)
{
	fuzz_check(mkdir("outside", 0755) == 0);
	make_file(AT_FDCWD, "outside/sentinel", "untouched");
	fuzz_check(stat("outside/sentinel", &sentinel) == 0);
	fuzz_check(stat("outside", &outside) == 0);
}

static int
is_unchanged(const char *path, const struct stat *before)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_ino == before->st_ino &&
	    now.st_mode == before->st_mode && now.st_size == before->st_size &&
	    now.st_nlink == before->st_nlink &&
	    now.st_ctim.tv_sec == before->st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

void
tree_check_outside(void)
{
	fuzz_check(is_unchanged("outside", &outside));
	fuzz_check(is_unchanged("outside/sentinel", &sentinel));
}

void
tree_plant(int root)
{
	make_file(root, "file", "hello");
	fuzz_check(mkdirat(root, "dir", 0755) == 0);
	fuzz_check(symlinkat("../outside", root, "link") == 0);
	fuzz_check(symlinkat("../outside/sentinel", root, "leaf") == 0);
	fuzz_check(symlinkat("../outside/new", root, "dangling") == 0);
	fuzz_check(symlinkat("..", root, "dir/up") == 0);
	fuzz_check(mkfifoat(root, "fifo", 0644) == 0);
}

static void empty(int at, const char *name, const char *except);

static void
remove_entry(int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0)
		return;
	(void)fchmodat(at, name, 0700, 0);
	empty(at, name, NULL);
	fuzz_check(unlinkat(at, name, AT_REMOVEDIR) == 0);
}

static void
empty(int at, const char *name, const char *except)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *list = fdopendir(fd);
	const struct dirent *entry;

	fuzz_check(list != NULL);
	while ((entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    (except == NULL ||
			strncmp(entry->d_name, except, strlen(except)) != 0))
			remove_entry(fd, entry->d_name);
	closedir(list);
}

void
tree_empty(int root, int staging)
{
	empty(root, ".", ".ftx-");
	empty(staging, ".", NULL);
}
