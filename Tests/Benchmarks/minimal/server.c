/*
 * The least that a server on libevent does for a hit: reads a request, finds its end, and writes a reply that was given to it
 * as a file. It checks no key, parses no field but the two that frame a request, and writes no log.
 *
 *     server PORT FILE
 *
 * One thread, one event a connection, which stays registered. A request with "Connection: close" is answered with what
 * FILE.closing holds; then the end of the client is waited for, as RFC 9112 section 9.6 asks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_MAX = 65536 };

struct reply {
    char *bytes;
    size_t length;
};

struct connection {
    struct event *event;
    int fd;
    int is_closing;
    size_t length; /* of what is kept: a request that is not whole */
    char *kept;
};

static struct event_base *base;
static struct reply keeping, closing;
static char input[INPUT_MAX];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct reply read_reply(const char *path) {
    struct reply reply = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    reply.bytes = malloc(INPUT_MAX);
    if (!reply.bytes) fail("malloc");
    reply.length = fread(reply.bytes, 1, INPUT_MAX, file);
    fclose(file);
    return reply;
}

static void end(struct connection *connection) {
    event_free(connection->event);
    close(connection->fd);
    free(connection->kept);
    free(connection);
}

/* The value of a field, or NULL. Names are matched at the beginning of lines, whatever their case. */
static const char *field(const char *head, const char *end_of_head, const char *name) {
    size_t length = strlen(name);
    const char *line = head;
    while ((line = memchr(line, '\n', (size_t)(end_of_head - line))) != NULL) {
        line++;
        if ((size_t)(end_of_head - line) > length && line[length] == ':' && strncasecmp(line, name, length) == 0) {
            const char *value = line + length + 1;
            while (*value == ' ') value++;
            return value;
        }
    }
    return NULL;
}

/* The bytes of the first request, 0 while it is not whole, -1 when it cannot be one. */
static ssize_t request_length(const char *bytes, size_t length, int *closes) {
    const char *blank = memmem(bytes, length, "\r\n\r\n", 4);
    if (!blank) return length == INPUT_MAX ? -1 : 0;
    const char *content = field(bytes, blank + 2, "content-length");
    const char *option = field(bytes, blank + 2, "connection");
    *closes = option && strncasecmp(option, "close", 5) == 0;
    size_t whole = (size_t)(blank + 4 - bytes) + (content ? strtoul(content, NULL, 10) : 0);
    if (whole > INPUT_MAX) return -1;
    return whole <= length ? (ssize_t)whole : 0;
}

/* Keeps what is left of a request, and so needs no buffer for one that comes whole. */
static int keep(struct connection *connection, const char *bytes, size_t length) {
    char *kept = length ? malloc(length) : NULL;
    if (length && !kept) return -1;
    if (length) memcpy(kept, bytes, length);
    free(connection->kept);
    connection->kept = kept;
    connection->length = length;
    return 0;
}

static void ready(evutil_socket_t fd, short what, void *context) {
    struct connection *connection = context;
    (void)what;
    if (connection->length) memcpy(input, connection->kept, connection->length);
    ssize_t count = read(fd, input + connection->length, INPUT_MAX - connection->length);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return end(connection);
    if (connection->is_closing) return;
    const char *bytes = input;
    size_t length = connection->length + (size_t)count;
    while (length) {
        int closes = 0;
        ssize_t whole = request_length(bytes, length, &closes);
        if (whole < 0) return end(connection);
        if (whole == 0) break;
        const struct reply *reply = closes ? &closing : &keeping;
        /* A client of a benchmark takes its reply. */
        if (write(fd, reply->bytes, reply->length) != (ssize_t)reply->length) return end(connection);
        if (closes) {
            shutdown(fd, SHUT_WR);
            connection->is_closing = 1;
            length = 0;
            break;
        }
        bytes += whole;
        length -= (size_t)whole;
    }
    if ((length || connection->length) && keep(connection, bytes, length) < 0) end(connection);
}

static void accept_ready(evutil_socket_t listener, short what, void *context) {
    (void)what;
    (void)context;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) fail("calloc");
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection->fd = fd;
    connection->event = event_new(base, fd, EV_READ | EV_PERSIST, ready, connection);
    if (!connection->event || event_add(connection->event, NULL) < 0) fail("event_add");
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: %s PORT FILE\n", arguments[0]);
        return 2;
    }
    char path[4096];
    keeping = read_reply(arguments[2]);
    snprintf(path, sizeof path, "%s.closing", arguments[2]);
    closing = read_reply(path);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) fail("listen");
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    event_config_free(config);
    struct event *event = base ? event_new(base, listener, EV_READ | EV_PERSIST, accept_ready, NULL) : NULL;
    if (!event || event_add(event, NULL) < 0) fail("event_base_new");
    return event_base_dispatch(base);
}
