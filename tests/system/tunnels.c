/* SPDX-License-Identifier: ISC */
/* Through ssh and TLS: the real programs, on loopback. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define TEXT (8 * HARNESS_PATH)

/* Where Debian has what is not in everybody's PATH. */
#define SSHD "/usr/sbin/sshd"
#define STUNNEL "/usr/bin/stunnel"

/* A process in the foreground that listens on a port of 127.0.0.1. */
struct service {
	pid_t pid;
	unsigned port;
};

static char here[HARNESS_PATH];

static void
begin(void)
{
	harness_begin();
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	file_make("big", 5 << 20, 1);
	file_write("small", "some text\n");
}

/* As snprintf, but that the text must fit. */
static void __attribute__((format(printf, 3, 4)))
print(char *buffer, size_t size, const char *format, ...)
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

static void
service_start(struct service *service, const char *const argv[])
{
	int log = open(
	    "service.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	ck_assert_int_ge(log, 0);
	service->pid = harness_spawn(argv, log, log);
	close(log);
	eventually(is_listening(service->port), HARNESS_PATIENCE);
}

static void
service_stop(const struct service *service)
{
	int status;

	ck_assert_int_eq(kill(service->pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(service->pid, &status, 0), service->pid);
}

static void
run_quietly(const char *const argv[])
{
	struct run run;

	run_all(&run, argv);
	run_check(&run, 0, NULL);
}

#define RUN_QUIETLY(...) run_quietly((const char *const[]){__VA_ARGS__, NULL})

/* --- ssh ------------------------------------------------------------------ */

static int
has_ssh(void)
{
	struct run run;

	if (access(SSHD, X_OK) == 0) {
		RUN(&run, "ssh", "-V");
		if (run.status == 0)
			return 1;
	}
	harness_skip("ssh", "ssh and sshd are not installed");
	return 0;
}

/* What the account's keys may do: options before the key, or "". */
static void
write_keys(const char *options)
{
	char line[TEXT], *key = file_read("user.pub");

	print(line, sizeof(line), "%s%s%s", options,
	    options[0] != '\0' ? " " : "", key);
	file_write("keys", line);
	free(key);
}

static void
sshd_start(struct service *service)
{
	char text[TEXT], path[HARNESS_PATH + 16];

	RUN_QUIETLY(
	    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "host");
	RUN_QUIETLY(
	    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "user");
	write_keys("");
	/* sshd wants it where it runs as root; Debian's service makes it. */
	if (geteuid() == 0)
		(void)mkdir("/run/sshd", 0755);
	service->port = fake_nothing();
	print(text, sizeof(text),
	    "ListenAddress 127.0.0.1\nPort %u\nHostKey %s/host\n"
	    "AuthorizedKeysFile %s/keys\nPidFile none\nStrictModes no\n"
	    "UsePAM no\nPermitRootLogin prohibit-password\n",
	    service->port, here, here);
	file_write("sshd_config", text);
	print(text, sizeof(text),
	    "Host nas\nHostName 127.0.0.1\nPort %u\nIdentityFile %s/user\n"
	    "IdentitiesOnly yes\nUserKnownHostsFile /dev/null\n"
	    "StrictHostKeyChecking no\nBatchMode yes\nLogLevel ERROR\n",
	    service->port, here);
	file_write("ssh_config", text);
	print(path, sizeof(path), "%s/sshd_config", here);
	service_start(
	    service, (const char *const[]){SSHD, "-D", "-e", "-f", path, NULL});
}

static void
check_stored(const struct run *run)
{
	run_check(run, 0, NULL);
	ck_assert_msg(run->err[0] == '\0' && run->out[0] == '\0',
	    "success was not silent: \"%s%s\"", run->out, run->err);
	ck_assert(file_equal("big", "in/d/big"));
	ck_assert(file_equal("small", "in/d/small"));
	ck_assert_int_eq(folder_count_staged("in"), 0);
}

/* ssh to the host, with these words behind its name. */
static const char *
ssh_command(const char *options, const char *words)
{
	static char command[TEXT];

	print(command, sizeof(command), "ssh -F ssh_config %s nas %s", options,
	    words);
	return command;
}

static const char *
served_in(const char *folder)
{
	static char words[TEXT];
	char program[HARNESS_PATH];

	print(words, sizeof(words), "%s -i -d %s/%s",
	    harness_program(program, "ftxd"), here, folder);
	return words;
}

START_TEST(ssh_runs_ftxd)
{
	struct service sshd;
	struct run run;

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	folder_make("in");
	RUN(&run, "ftx", "put", "-e", ssh_command("", served_in("in")), "big",
	    "small", "nas:d");
	check_stored(&run);
	RUN(&run, "ftx", "put", "-e", ssh_command("", served_in("missing")),
	    "big", "nas:d");
	run_check(&run, 35, "ssh ended with status 4 before the server");
	ck_assert_ptr_nonnull(strstr(run.err, "missing: No such file"));
	RUN(&run, "ftx", "put", "-e",
	    ssh_command("-o PubkeyAuthentication=no", served_in("in")), "big",
	    "nas:d");
	run_check(&run, 35, "ssh ended with status 255 before the server");
	RUN(&run, "ftx", "put", "-e",
	    ssh_command("", "\"echo Hello;\" exec ftxd -i"), "big", "nas:d");
	run_check(&run, 2, "nas: protocol error: this is no ftxd");
	service_stop(&sshd);
}
END_TEST

/* Refused while much is on its way: the words come through two programs. */
START_TEST(ssh_brings_last_words)
{
	struct service sshd;
	struct run run;
	char words[TEXT];

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	folder_make("in");
	folder_make("in/d");
	folder_make("in/d/big");
	RUN(&run, "ftx", "put", "-e", ssh_command("", served_in("in")), "big",
	    "small", "nas:d");
	run_check(&run, 23, "big -> nas:d/big: refused");
	ck_assert(file_equal("small", "in/d/small"));
	print(words, sizeof(words), "%s -o max-size=1000", served_in("in"));
	RUN(&run, "ftx", "put", "-e", ssh_command("", words), "big", "nas:e");
	run_check(&run, 28, NULL);
	service_stop(&sshd);
}
END_TEST

START_TEST(ssh_forced_command)
{
	struct service sshd;
	struct run run;
	char options[TEXT];

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	folder_make("in");
	print(options, sizeof(options), "command=\"%s\",restrict",
	    served_in("in"));
	write_keys(options);
	RUN(&run, "ftx", "put", "-e", ssh_command("", ""), "big", "small",
	    "nas:d");
	check_stored(&run);
	/* Whatever is asked for, this is what runs. */
	RUN(&run, "ftx", "put", "-e", ssh_command("", "touch stolen"), "small",
	    "nas:d/other");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("small", "in/d/other"));
	service_stop(&sshd);
}
END_TEST

START_TEST(ssh_forwards)
{
	struct service sshd;
	struct server server;
	struct run run;
	char option[64];

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	SERVER_START(&server, "-w", "2");
	print(option, sizeof(option), "-W 127.0.0.1:%u", server.port);
	RUN(&run, "ftx", "put", "-e", ssh_command(option, ""), "big", "small",
	    "nas:d");
	check_stored(&run);
	service_stop(&sshd);
	server_stop(&server);
}
END_TEST

/* --- TLS ------------------------------------------------------------------ */

static int
has_tls(void)
{
	struct run run;

	if (access(STUNNEL, X_OK) == 0) {
		RUN(&run, "openssl", "version");
		if (run.status == 0)
			return 1;
	}
	harness_skip("tls", "openssl and stunnel are not installed");
	return 0;
}

/* A key and a certificate that vouches for itself. */
static void
certificate_make(const char *name)
{
	char key[64], certificate[64], subject[64];

	print(key, sizeof(key), "%s.key", name);
	print(certificate, sizeof(certificate), "%s.pem", name);
	print(subject, sizeof(subject), "/CN=%s", name);
	RUN_QUIETLY("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
	    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
	    subject, "-keyout", key, "-out", certificate);
	ck_assert_int_eq(chmod(key, 0600), 0);
}

/* In front of ftxd, for those who have the key of "client.pem". */
static void
stunnel_start(struct service *service, unsigned target)
{
	char text[TEXT], path[HARNESS_PATH + 16];

	certificate_make("server");
	certificate_make("client");
	certificate_make("stranger");
	print(text, sizeof(text),
	    "foreground = yes\npid =\nsyslog = no\n"
	    "[ftx]\naccept = 127.0.0.1:%u\nconnect = 127.0.0.1:%u\n"
	    "cert = %s/server.pem\nkey = %s/server.key\n"
	    "CAfile = %s/client.pem\nverifyPeer = yes\n",
	    service->port, target, here, here, here);
	file_write("stunnel.conf", text);
	print(path, sizeof(path), "%s/stunnel.conf", here);
	service_start(service, (const char *const[]){STUNNEL, path, NULL});
}

static const char *
tls_command(const struct service *service, const char *options)
{
	static char command[TEXT];

	print(command, sizeof(command),
	    "openssl s_client -quiet -verify_quiet -verify_return_error "
	    "-CAfile server.pem -servername server "
	    "-connect 127.0.0.1:%u %s",
	    service->port, options);
	return command;
}

START_TEST(tls_with_client_certificate)
{
	struct service stunnel;
	struct server server;
	struct run run;

	if (!has_tls())
		return;
	stunnel.port = fake_nothing();
	SERVER_START(&server, "-w", "2");
	stunnel_start(&stunnel, server.port);
	RUN(&run, "ftx", "put", "-e",
	    tls_command(&stunnel, "-cert client.pem -key client.key"), "big",
	    "small", "nas:d");
	check_stored(&run);
	RUN(&run, "ftx", "put", "-e",
	    tls_command(&stunnel, "-cert stranger.pem -key stranger.key"),
	    "big", "nas:e");
	run_check(&run, 35, "openssl ended with status 1 before the server");
	RUN(&run, "ftx", "put", "-e", tls_command(&stunnel, ""), "big",
	    "nas:e");
	run_check(&run, 35, "openssl ended with status 1 before the server");
	/* And the client knows whom it talks to. */
	file_write("server.pem", "");
	RUN(&run, "ftx", "put", "-e",
	    tls_command(&stunnel, "-cert client.pem -key client.key"), "big",
	    "nas:e");
	run_check(&run, 35, "openssl ended with status 1 before the server");
	ck_assert_int_eq(folder_count("in"), 1);
	service_stop(&stunnel);
	server_stop(&server);
}
END_TEST

Suite *
tunnels_suite(void)
{
	Suite *suite = suite_create("tunnels");
	TCase *tcase = tcase_create("tunnels");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, ssh_runs_ftxd);
	tcase_add_test(tcase, ssh_brings_last_words);
	tcase_add_test(tcase, ssh_forced_command);
	tcase_add_test(tcase, ssh_forwards);
	tcase_add_test(tcase, tls_with_client_certificate);
	suite_add_tcase(suite, tcase);
	return suite;
}
