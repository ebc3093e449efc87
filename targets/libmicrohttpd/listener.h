#ifndef ASSAY_TARGETS_LIBMICROHTTPD_LISTENER_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_LISTENER_H_

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

// Opens a non-blocking socket that listens on `address` ("HOST:PORT", "[V6]:PORT"; port 0 lets the system pick one).
// `share_port` lets several sockets of this process share the port (SO_REUSEPORT). Returns -1 on failure, after
// printing the reason to standard error.
int listener_open(const char* address, int backlog, bool share_port);

// Writes the address of a listening socket to `text`, in the form that listener_open() accepts. Returns 0, or -1 on
// failure.
int listener_address(int listener, char* text, size_t size);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_LISTENER_H_
