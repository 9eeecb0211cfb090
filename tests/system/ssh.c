/* SPDX-License-Identifier: ISC */
/* ftx through the real ssh and sshd, on loopback. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/tunnel.h"

/* The path on Debian; it is not in every user's PATH. */
#define SSHD "/usr/sbin/sshd"

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

/* Authorize the user's key, with these options before it, or "". */
static void
write_keys(const char *options)
{
	char line[TUNNEL_TEXT], *key = file_read("user.pub");

	tunnel_print(line, sizeof(line), "%s%s%s", options,
	    options[0] != '\0' ? " " : "", key);
	file_write("keys", line);
	free(key);
}

static void
sshd_start(struct tunnel *tunnel)
{
	char text[TUNNEL_TEXT], path[HARNESS_PATH + 16];

	TUNNEL_RUN("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "host");
	TUNNEL_RUN("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "user");
	write_keys("");
	/* sshd as root needs this directory; Debian's service creates it. */
	if (geteuid() == 0)
		(void)mkdir("/run/sshd", 0755);
	tunnel->port = fake_unused_port();
	tunnel_print(text, sizeof(text),
	    "ListenAddress 127.0.0.1\nPort %u\nHostKey %s/host\n"
	    "AuthorizedKeysFile %s/keys\nPidFile none\nStrictModes no\n"
	    "UsePAM no\nPermitRootLogin prohibit-password\n",
	    tunnel->port, tunnel_here, tunnel_here);
	file_write("sshd_config", text);
	tunnel_print(text, sizeof(text),
	    "Host nas\nHostName 127.0.0.1\nPort %u\nIdentityFile %s/user\n"
	    "IdentitiesOnly yes\nUserKnownHostsFile /dev/null\n"
	    "StrictHostKeyChecking no\nBatchMode yes\nLogLevel ERROR\n",
	    tunnel->port, tunnel_here);
	file_write("ssh_config", text);
	tunnel_print(path, sizeof(path), "%s/sshd_config", tunnel_here);
	tunnel_start(
	    tunnel, (const char *const[]){SSHD, "-D", "-e", "-f", path, NULL});
}

/* Returns a command that runs ssh with these options, and words on the host. */
static const char *
ssh_command(const char *options, const char *words)
{
	static char command[TUNNEL_TEXT];

	tunnel_print(command, sizeof(command), "ssh -F ssh_config %s nas %s",
	    options, words);
	return command;
}

static const char *
served_in(const char *directory)
{
	static char words[TUNNEL_TEXT];
	char program[HARNESS_PATH];

	tunnel_print(words, sizeof(words), "%s -i -d %s/%s",
	    harness_program(program, "ftxd"), tunnel_here, directory);
	return words;
}

START_TEST(put_succeeds_when_ssh_runs_ftxd)
{
	struct tunnel sshd;
	struct run run;

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	directory_make("in");
	RUN(&run, "ftx", "put", "-e", ssh_command("", served_in("in")), "big",
	    "small", "nas:d");
	tunnel_check_stored(&run);
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
	run_check(&run, 2,
	    "nas: the command answered, but not as ftxd: \"Hello\"; nothing");
	tunnel_stop(&sshd);
}
END_TEST

/* ftxd refuses a large file: its reason must come through sshd and ssh. */
START_TEST(reason_arrives_when_ssh_runs_ftxd)
{
	struct tunnel sshd;
	struct run run;
	char words[TUNNEL_TEXT];

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	directory_make("in");
	directory_make("in/d");
	directory_make("in/d/big");
	RUN(&run, "ftx", "put", "-e", ssh_command("", served_in("in")), "big",
	    "small", "nas:d");
	run_check(&run, 23, "big -> nas:d/big: refused");
	ck_assert(file_equal("small", "in/d/small"));
	tunnel_print(
	    words, sizeof(words), "%s -o max-size=1000", served_in("in"));
	RUN(&run, "ftx", "put", "-e", ssh_command("", words), "big", "nas:e");
	run_check(&run, 28, NULL);
	tunnel_stop(&sshd);
}
END_TEST

START_TEST(put_succeeds_when_ssh_forces_the_command)
{
	struct tunnel sshd;
	struct run run;
	char options[TUNNEL_TEXT];

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	directory_make("in");
	tunnel_print(options, sizeof(options), "command=\"%s\",restrict",
	    served_in("in"));
	write_keys(options);
	RUN(&run, "ftx", "put", "-e", ssh_command("", ""), "big", "small",
	    "nas:d");
	tunnel_check_stored(&run);
	/* sshd runs the forced command, not the requested one. */
	RUN(&run, "ftx", "put", "-e", ssh_command("", "touch stolen"), "small",
	    "nas:d/other");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("small", "in/d/other"));
	tunnel_stop(&sshd);
}
END_TEST

START_TEST(put_succeeds_when_ssh_forwards_the_port)
{
	struct tunnel sshd;
	struct server server;
	struct run run;
	char option[64];

	if (!has_ssh())
		return;
	sshd_start(&sshd);
	SERVER_START(&server, "-w", "2");
	tunnel_print(option, sizeof(option), "-W 127.0.0.1:%u", server.port);
	RUN(&run, "ftx", "put", "-e", ssh_command(option, ""), "big", "small",
	    "nas:d");
	tunnel_check_stored(&run);
	tunnel_stop(&sshd);
	server_stop(&server);
}
END_TEST

Suite *
ssh_suite(void)
{
	Suite *suite = suite_create("ssh");
	TCase *tcase = tcase_create("ssh");

	tcase_add_checked_fixture(tcase, tunnel_begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, put_succeeds_when_ssh_runs_ftxd);
	tcase_add_test(tcase, reason_arrives_when_ssh_runs_ftxd);
	tcase_add_test(tcase, put_succeeds_when_ssh_forces_the_command);
	tcase_add_test(tcase, put_succeeds_when_ssh_forwards_the_port);
	suite_add_tcase(suite, tcase);
	return suite;
}
