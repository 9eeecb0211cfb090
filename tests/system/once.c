/* SPDX-License-Identifier: ISC */
/* Run ftxd -i on descriptors; errors fail the test. */
#include "tests/system/once.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"

#define ARGUMENTS_MAX 16

pid_t
once_start(int in, int out, int err, const char *const arguments[])
{
	char program[HARNESS_PATH];
	const char *argv[ARGUMENTS_MAX] = {
	    harness_program(program, "ftxd"), "-i", "-d", "in"};
	char *copy[ARGUMENTS_MAX] = {NULL};
	pid_t pid;

	for (size_t i = 0; arguments[i] != NULL; i++)
		argv[4 + i] = arguments[i];
	for (size_t i = 0; argv[i] != NULL; i++)
		copy[i] = strdup(argv[i]);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (err == -1)
			err = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0644);
		dup2(in, 0);
		dup2(out, 1);
		dup2(err, 2);
		execv(program, copy);
		_exit(127);
	}
	for (size_t i = 0; copy[i] != NULL; i++)
		free(copy[i]);
	return pid;
}

int
once_wait(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(directory_count_staged("in"), 0);
	return harness_status(status);
}

void
once_begin(void)
{
	harness_begin();
	directory_make("in");
	unsetenv("SSH_CONNECTION");
}

int
once_open_script(const struct script *script)
{
	int fd = open("script", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, script->bytes, script->length), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

int
once_play(struct client *peer, const struct script *script)
{
	int ends[2], in = once_open_script(script), status;

	harness_pipe(ends);
	status = once_wait(ONCE_START(in, ends[1], -1, "-o", "min-free=0"));
	close(in);
	close(ends[1]);
	client_open(peer, ends[0]);
	return status;
}

pid_t
once_serve_tcp(struct run *run, int err, const char *const arguments[])
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	char port[16];
	pid_t pid;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(io_close_on_exec(listener), 0);
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	file_write("f", "some text\n");
	RUN_BEGIN(run, "ftx", "put", "-o", "queue-timeout=1s", "-P", port, "f",
	    "127.0.0.1:g");
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	pid = once_start(fd, fd, err == 2 ? fd : -1, arguments);
	close(fd);
	close(listener);
	return pid;
}
