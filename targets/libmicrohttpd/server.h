#ifndef ASSAY_TARGETS_LIBMICROHTTPD_SERVER_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_SERVER_H_

struct MHD_Daemon;

// Starts a daemon that serves the endpoints on `listener`, with one thread of its own in an epoll
// loop; the thread inherits the caller's CPU affinity and signal mask. The daemon owns the listener
// from then on. NULL on failure.
struct MHD_Daemon* server_start(int listener);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_SERVER_H_
