#ifndef ASSAY_TARGETS_LIBMICROHTTPD_LISTENER_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_LISTENER_H_

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

// A socket that listens on `address` ("HOST:PORT", "[V6]:PORT"; port 0 picks one), together with
// others of this process (SO_REUSEPORT) where it shares the port. Non-blocking. -1 on failure, after
// saying why on standard error.
int listener_open(const char* address, int backlog, bool share_port);

// Writes where a listener listens, in the form that listener_open() takes. 0, or -1 on failure.
int listener_address(int listener, char* text, size_t size);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_LISTENER_H_
