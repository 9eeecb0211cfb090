/* SPDX-License-Identifier: ISC */
/* Other programs between ftx and ftxd, such as ssh; errors fail the test. */
#include "tests/system/tunnel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"

char tunnel_here[HARNESS_PATH];

void
tunnel_begin(void)
{
	harness_begin();
	ck_assert_ptr_nonnull(getcwd(tunnel_here, sizeof(tunnel_here)));
	file_make("big", 5 << 20, 1);
	file_write("small", "some text\n");
}

void
tunnel_print(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	ck_assert(length >= 0 && (size_t)length < size);
}

static int
is_listening(unsigned port)
{
	struct sockaddr_in address;
	int fd = socket(AF_INET, SOCK_STREAM, 0), connected;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connected =
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return connected;
}

void
tunnel_start(struct tunnel *tunnel, const char *const argv[])
{
	int log = open(
	    "service.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	ck_assert_int_ge(log, 0);
	tunnel->pid = harness_spawn(argv, log, log);
	close(log);
	eventually(is_listening(tunnel->port), HARNESS_TIMEOUT);
}

void
tunnel_stop(const struct tunnel *tunnel)
{
	int status;

	ck_assert_int_eq(kill(tunnel->pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(tunnel->pid, &status, 0), tunnel->pid);
}

void
tunnel_run(const char *const argv[])
{
	struct run run;

	run_all(&run, argv);
	run_check(&run, 0, NULL);
}

void
tunnel_check_stored(const struct run *run)
{
	run_check(run, 0, NULL);
	ck_assert_msg(run->err[0] == '\0' && run->out[0] == '\0',
	    "success was not silent: \"%s%s\"", run->out, run->err);
	ck_assert(file_equal("big", "in/d/big"));
	ck_assert(file_equal("small", "in/d/small"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
}
