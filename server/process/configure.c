/* SPDX-License-Identifier: ISC */
/* Apply the settings to the log, the store and the sessions; reload them. */
#include "server/process/configure.h"

#include <string.h>

#include "common/log.h"

void
configure_log(const struct options *options)
{
	int level = LOG_LEVEL_INFO + (options->verbose ? 1 : 0) -
	    (options->quiet ? 1 : 0);

	log_open("ftxd", (enum log_level)level, options->to_syslog);
}

void
configure_store(
    struct store *store, const struct options *options, mode_t inherited)
{
	int mask = options_umask(options);

	store->sync = options->fsync;
	if (store->sync)
		store_learn_sync(store);
	store->mask = mask == -1 ? inherited : (mode_t)mask;
	store->exact_mask = mask == -1 ? 0 : (mode_t)mask;
	store->partial_ttl = options->partial_ttl;
	store->workers = (unsigned)options->workers;
	store_mark(store, strcmp(options->shared, "locks") == 0);
	options_min_free(options, &store->free_percent, &store->free_bytes);
}

void
configure_session(struct session_config *config, const struct options *options,
    struct store *store)
{
	config->store = store;
	config->max_size =
	    options->max_size == 0 ? UINT64_MAX : options->max_size;
	config->min_rate = options->min_rate;
	config->hello_timeout = options->hello_timeout;
	config->idle_timeout = options->idle_timeout;
	config->drain_timeout = options->drain_timeout;
	config->compares = options->compare;
	config->never_overwrite = strcmp(options->overwrite, "never") == 0;
}

/* Settings that only take effect at the start. */
static const char *const start_only[] = {"address", "port", "backlog",
    "ipv4-only", "ipv6-only", "directory", "user", "pid-file", "background",
    "inetd", "syslog"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
is_start_only(const char *name)
{
	for (size_t i = 0; i < COUNT(start_only); i++)
		if (strcmp(start_only[i], name) == 0)
			return 1;
	return 0;
}

static int
texts_differ(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a != b;
	return strcmp(a, b) != 0;
}

static int
lists_differ(const struct setting_list *a, const struct setting_list *b)
{
	if (a->count != b->count)
		return 1;
	for (size_t i = 0; i < a->count; i++)
		if (texts_differ(a->items[i], b->items[i]))
			return 1;
	return 0;
}

static void
swap(void *a, void *b, size_t size)
{
	unsigned char *first = a, *second = b;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = first[i];

		first[i] = second[i];
		second[i] = byte;
	}
}

/* Swap one setting of a and b.  Returns nonzero if its values differed. */
static int
exchange(const struct setting *setting, void *a, void *b)
{
	char *first = (char *)a + setting->offset;
	char *second = (char *)b + setting->offset;
	int differ = 0;

	switch (setting->kind) {
	case SETTING_FLAG:
		differ = memcmp(first, second, sizeof(int)) != 0;
		swap(first, second, sizeof(int));
		break;
	case SETTING_NUMBER:
	case SETTING_TIME:
		differ = memcmp(first, second, sizeof(uint64_t)) != 0;
		swap(first, second, sizeof(uint64_t));
		break;
	case SETTING_TEXT:
		differ = texts_differ(
		    *(char **)(void *)first, *(char **)(void *)second);
		swap(first, second, sizeof(char *));
		break;
	case SETTING_LIST:
		differ = lists_differ((struct setting_list *)(void *)first,
		    (struct setting_list *)(void *)second);
		swap(first, second, sizeof(struct setting_list));
		break;
	}
	return differ;
}

static void
keep_start_only(struct options *next, struct options *now)
{
	for (const struct setting *s = options_table; s->name != NULL; s++)
		if (is_start_only(s->name) && exchange(s, next, now))
			log_warn(
			    "%s: takes effect at the next start only", s->name);
}

int
configure_reload(struct options *options, struct access *access, int argc,
    char *const argv[])
{
	struct options next;
	struct access next_access;
	char error[SETTINGS_ERROR];

	memset(&next, 0, sizeof(next));
	if (options_read(&next, argc, argv, error) != 0 ||
	    access_init(&next_access, &next.allow, &next.deny, error) != 0) {
		log_error("settings not changed: %s", error);
		options_release(&next);
		return -1;
	}
	keep_start_only(&next, options);
	access_release(access);
	options_release(options);
	*options = next;
	*access = next_access;
	configure_log(options);
	return 0;
}
