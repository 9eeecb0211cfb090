/* SPDX-License-Identifier: ISC */
/* A FUSE file system with one file, which blocks in one call. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <linux/fuse.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#endif

#include "tests/lab/fuse.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os.h"

#if defined(__linux__)

/* Source: Linux, include/uapi/linux/fuse.h. */
#define DIRECTORY FUSE_ROOT_ID
#define FILE_ID (FUSE_ROOT_ID + 1)
#define REQUEST (64 * 1024)

static const size_t length = sizeof(FUSE_CONTENT) - 1;

static const uint32_t opcodes[FUSE_CALLS] = {
    [FUSE_STAT] = FUSE_LOOKUP,
    [FUSE_FSTAT] = FUSE_GETATTR,
    [FUSE_OPENED] = FUSE_OPEN,
    [FUSE_READING] = FUSE_READ,
    [FUSE_CLOSE] = FUSE_FLUSH,
    [FUSE_OPENED_DIRECTORY] = FUSE_OPENDIR,
    [FUSE_READ_DIRECTORY] = FUSE_READDIR,
};

/* The process that serves the file system. */
struct service {
	int device;
	uint32_t call;
	struct fuse_shared *shared;
	struct fuse_in_header header; /* of the request at hand */
};

static void
reply(
    const struct service *service, int error, const void *payload, size_t size)
{
	uint8_t bytes[REQUEST];
	struct fuse_out_header header = {
	    (uint32_t)(sizeof(header) + size), -error, service->header.unique};

	memcpy(bytes, &header, sizeof(header));
	if (size > 0)
		memcpy(bytes + sizeof(header), payload, size);
	/* The caller may have ended. */
	(void)!write(service->device, bytes, header.len);
}

/* The kernel caches no attributes, because their valid time is 0. */
static struct fuse_attr
describe(uint64_t node)
{
	return (struct fuse_attr){.ino = node,
	    .size = node == FILE_ID ? length : 0,
	    .blocks = 8,
	    .mtime = 1000000000,
	    .mode = node == FILE_ID ? S_IFREG | 0644 : S_IFDIR | 0755,
	    .nlink = 1,
	    .blksize = 4096};
}

static void
look_up(const struct service *service, const char *name)
{
	const struct fuse_entry_out entry = {
	    .nodeid = FILE_ID, .attr = describe(FILE_ID)};

	if (strcmp(name, FUSE_FILE) == 0)
		reply(service, 0, &entry, sizeof(entry));
	else
		reply(service, ENOENT, NULL, 0);
}

static void
read_file(const struct service *service, const struct fuse_read_in *read)
{
	size_t from = read->offset < length ? (size_t)read->offset : length;
	size_t size = length - from;

	reply(service, 0, &FUSE_CONTENT[from],
	    size < read->size ? size : read->size);
}

static void
read_directory(const struct service *service, const struct fuse_read_in *read)
{
	uint8_t bytes[64] = {0};
	const struct fuse_dirent entry = {
	    FILE_ID, 1, sizeof(FUSE_FILE) - 1, S_IFREG >> 12};
	size_t size = FUSE_NAME_OFFSET + sizeof(FUSE_FILE) - 1;

	memcpy(bytes, &entry, FUSE_NAME_OFFSET);
	memcpy(bytes + FUSE_NAME_OFFSET, FUSE_FILE, sizeof(FUSE_FILE) - 1);
	reply(
	    service, 0, bytes, read->offset == 0 ? FUSE_DIRENT_ALIGN(size) : 0);
}

static void
begin_service(const struct service *service)
{
	const struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION,
	    .minor = FUSE_KERNEL_MINOR_VERSION,
	    .max_readahead = 4096,
	    .max_write = 4096};

	reply(service, 0, &init, sizeof(init));
}

static void
serve(const struct service *service, const void *payload)
{
	const struct fuse_attr_out attributes = {
	    .attr = describe(service->header.nodeid)};
	const struct fuse_open_out opened = {.open_flags = FOPEN_DIRECT_IO};

	switch (service->header.opcode) {
	case FUSE_INIT:
		begin_service(service);
		break;
	case FUSE_LOOKUP:
		look_up(service, payload);
		break;
	case FUSE_GETATTR:
		reply(service, 0, &attributes, sizeof(attributes));
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		reply(service, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		read_file(service, payload);
		break;
	case FUSE_READDIR:
		read_directory(service, payload);
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		reply(service, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		reply(service, ENOSYS, NULL, 0);
	}
}

/* Nonzero if the service must block in this request. */
static int
must_block(const struct service *service)
{
	const struct fuse_in_header *header = &service->header;

	return header->opcode == service->call &&
	    (header->opcode != FUSE_GETATTR || header->nodeid == FILE_ID) &&
	    !atomic_load(&service->shared->unblocked);
}

/* Read a request, header and payload.  Returns nonzero, or 0 at the end. */
static int
next_request(struct service *service, uint8_t request[REQUEST])
{
	ssize_t got;

	do {
		got = read(service->device, request, REQUEST);
	} while (got == -1 && (errno == EINTR || errno == ENOENT));
	memcpy(&service->header, request, sizeof(service->header));
	return got > 0;
}

/* Wait to be unblocked.  Returns nonzero if a signal interrupts the caller. */
static int
block(const struct service *service, pid_t parent)
{
	struct service other = *service;
	struct pollfd more = {.fd = service->device, .events = POLLIN};
	struct fuse_interrupt_in interrupt;
	static uint8_t request[REQUEST];

	while (must_block(service) && getppid() == parent) {
		atomic_store(&service->shared->blocked, 1);
		if (poll(&more, 1, 5) != 1 || !next_request(&other, request))
			continue;
		memcpy(&interrupt, request + sizeof(other.header),
		    sizeof(interrupt));
		if (other.header.opcode == FUSE_INTERRUPT &&
		    interrupt.unique == service->header.unique)
			return 1;
		serve(&other, request + sizeof(other.header));
	}
	return 0;
}

static void
serve_all(struct service *service)
{
	static uint8_t request[REQUEST];
	pid_t parent = getppid();

	/* If the test ends, this process must not keep the mount. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (next_request(service, request)) {
		if (block(service, parent))
			reply(service, EINTR, NULL, 0);
		else
			serve(service, request + sizeof(service->header));
	}
	_exit(0);
}

int
fuse_begin(void)
{
	return geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0 &&
		unshare(CLONE_NEWNS) == 0 &&
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
	    ? 0
	    : -1;
}

void
fuse_mount(struct fuse *fuse, const char *directory, enum fuse_call call)
{
	struct service service = {.call = opcodes[call]};
	char options[128];

	*fuse = (struct fuse){.directory = directory,
	    .shared = os_shared_memory(sizeof(struct fuse_shared))};
	ck_assert_ptr_nonnull(fuse->shared);
	service.shared = fuse->shared;
	service.device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(service.device, 0);
	ck_assert_int_eq(mkdir(directory, 0755), 0);
	snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40000,user_id=0,group_id=0", service.device);
	ck_assert_int_eq(mount("slow", directory, "fuse.slow",
			     MS_NOSUID | MS_NODEV, options),
	    0);
	fuse->pid = fork();
	ck_assert_int_ge(fuse->pid, 0);
	if (fuse->pid == 0)
		serve_all(&service);
	close(service.device);
}

void
fuse_unblock(const struct fuse *fuse)
{
	atomic_store(&fuse->shared->unblocked, 1);
}

void
fuse_end(struct fuse *fuse)
{
	ck_assert_int_eq(kill(fuse->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(fuse->pid, NULL, 0), fuse->pid);
	ck_assert_int_eq(umount2(fuse->directory, MNT_DETACH), 0);
}

#else

int
fuse_begin(void)
{
	return -1;
}

void
fuse_mount(struct fuse *fuse, const char *directory, enum fuse_call call)
{
	(void)call;
	*fuse = (struct fuse){.directory = directory};
	ck_abort_msg("there is no such file system here");
}

void
fuse_unblock(const struct fuse *fuse)
{
	(void)fuse;
}

void
fuse_end(struct fuse *fuse)
{
	(void)fuse;
}

#endif
