#define _GNU_SOURCE
#include "targets/libmicrohttpd/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct addrinfo* resolve(const char* address) {
  const char* colon = strrchr(address, ':');
  char host[256];
  if (colon == NULL || (size_t)(colon - address) >= sizeof(host)) {
    fprintf(stderr, "libmicrohttpd: \"%s\" is not HOST:PORT\n", address);
    return NULL;
  }
  snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
  char* begin = host;
  const size_t length = strlen(host);
  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
    host[length - 1] = '\0';
    ++begin;
  }
  const struct addrinfo hints = {
      .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
  struct addrinfo* found = NULL;
  const int error = getaddrinfo(begin, colon + 1, &hints, &found);
  if (error != 0) {
    fprintf(stderr, "libmicrohttpd: cannot listen on %s: %s\n", address, gai_strerror(error));
    return NULL;
  }
  return found;
}

int listener_open(const char* address, int backlog, bool share_port) {
  struct addrinfo* found = resolve(address);
  if (found == NULL) return -1;
  const int on = 1;
  const int listener =
      socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, found->ai_protocol);
  const int failed =
      listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      (share_port && setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
      bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, backlog) != 0;
  freeaddrinfo(found);
  if (!failed) return listener;
  fprintf(stderr, "libmicrohttpd: cannot listen on %s: %s\n", address, strerror(errno));
  if (listener >= 0) close(listener);
  return -1;
}

int listener_address(int listener, char* text, size_t size) {
  struct sockaddr_storage address;
  socklen_t length = sizeof(address);
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getsockname(listener, (struct sockaddr*)&address, &length) != 0 ||
      getnameinfo((struct sockaddr*)&address, length, host, sizeof(host), port, sizeof(port),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return -1;
  }
  snprintf(text, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
  return 0;
}
