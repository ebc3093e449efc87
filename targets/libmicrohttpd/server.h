#ifndef ASSAY_TARGETS_LIBMICROHTTPD_SERVER_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_SERVER_H_

struct MHD_Daemon;

// Starts a daemon that serves the endpoints on `listener` with one thread in an epoll loop. The thread inherits the
// caller's CPU affinity and signal mask. The daemon owns the listener from then on. Returns NULL on failure.
struct MHD_Daemon* server_start(int listener);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_SERVER_H_
