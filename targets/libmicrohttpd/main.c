// The endpoint contract over GNU libmicrohttpd: the C server that Assay compares with others.
#define _GNU_SOURCE
#include <getopt.h>
#include <jansson.h>
#include <microhttpd.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "targets/libmicrohttpd/listener.h"
#include "targets/libmicrohttpd/server.h"

#define MAX_THREADS 256

struct options {
  const char* listen;
  // Empty: not pinned.
  cpu_set_t cpus;
  int threads;
  int backlog;
};

static const char kUsage[] =
    "usage: libmicrohttpd [--listen=HOST:PORT] [--cpu=LIST] [--threads=N] [--backlog=N]\n"
    "\n"
    "  --listen   address to listen on; port 0 lets the system pick one (default 127.0.0.1:9000)\n"
    "  --cpu      CPUs to run on, such as 0 or 0-1,3; with several threads, one per thread\n"
    "  --threads  number of event loops, each with its own listening socket (default 1)\n"
    "  --backlog  maximum number of connections waiting to be accepted (default 4096)\n"
    "  --version, --help\n"
    "\n"
    "example: libmicrohttpd --listen=127.0.0.1:9000 --cpu=0\n";

// Parses a decimal number from `least` to `largest`; -1 for any other text.
static int number(const char* text, int least, int largest) {
  char* end = NULL;
  const long value = strtol(text, &end, 10);
  return *text == '\0' || *end != '\0' || value < least || value > largest ? -1 : (int)value;
}

// Parses a list such as "0-1,3".
static bool parse_cpus(const char* text, cpu_set_t* cpus) {
  CPU_ZERO(cpus);
  while (true) {
    char* end = NULL;
    const long first = strtol(text, &end, 10);
    long last = first;
    if (end == text || first < 0) return false;
    if (*end == '-') {
      text = end + 1;
      last = strtol(text, &end, 10);
      if (end == text) return false;
    }
    if (last < first || last >= CPU_SETSIZE) return false;
    for (long cpu = first; cpu <= last; ++cpu) CPU_SET((size_t)cpu, cpus);
    if (*end == '\0') return true;
    if (*end != ',') return false;
    text = end + 1;
  }
}

// Parses the command line. Returns -1 to continue, else the exit status.
static int parse(int argc, char** argv, struct options* options) {
  static const struct option kFlags[] = {
      {"listen", required_argument, NULL, 'l'},
      {"cpu", required_argument, NULL, 'c'},
      {"threads", required_argument, NULL, 't'},
      {"backlog", required_argument, NULL, 'b'},
      {"version", no_argument, NULL, 'v'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  int flag = 0;
  bool bad = false;
  while (!bad && (flag = getopt_long(argc, argv, "", kFlags, NULL)) != -1) {
    switch (flag) {
      case 'l':
        options->listen = optarg;
        break;
      case 'c':
        bad = !parse_cpus(optarg, &options->cpus);
        break;
      case 't':
        bad = (options->threads = number(optarg, 1, MAX_THREADS)) < 0;
        break;
      case 'b':
        bad = (options->backlog = number(optarg, 1, 9999999)) < 0;
        break;
      case 'v':
        printf("libmicrohttpd %s, jansson %s, zlib %s\n", MHD_get_version(), jansson_version_str(),
               zlibVersion());
        return 0;
      case 'h':
        fputs(kUsage, stdout);
        return 0;
      default:
        // getopt_long() has printed the error.
        fputs("Run `libmicrohttpd --help` for usage.\n", stderr);
        return 2;
    }
    if (bad) fprintf(stderr, "libmicrohttpd: \"%s\" is not a valid value of this flag\n", optarg);
  }
  if (!bad && optind < argc) {
    fprintf(stderr, "libmicrohttpd: unexpected argument \"%s\"\n", argv[optind]);
    bad = true;
  }
  return bad ? 2 : -1;
}

// Pins the calling thread, and threads that it starts, to the CPU of the thread with that index; to all given CPUs if
// there is a single thread.
static bool pin(const struct options* options, int thread) {
  const int count = CPU_COUNT(&options->cpus);
  if (count == 0) return true;
  cpu_set_t cpus = options->cpus;
  if (options->threads > 1) {
    int skip = thread % count;
    CPU_ZERO(&cpus);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &options->cpus) && skip-- == 0) CPU_SET(cpu, &cpus);
    }
  }
  if (sched_setaffinity(0, sizeof(cpus), &cpus) == 0) return true;
  perror("libmicrohttpd: cannot pin a thread to the CPUs of --cpu");
  return false;
}

// Raises the limit of descriptors to allow as many connections as possible.
static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int main(int argc, char** argv) {
  struct options options = {.listen = "127.0.0.1:9000", .threads = 1, .backlog = 4096};
  const int status = parse(argc, argv, &options);
  if (status >= 0) return status;
  raise_file_limit();

  // Blocked before other threads start, so that only sigwait() below receives them.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, NULL);

  struct MHD_Daemon* daemons[MAX_THREADS] = {NULL};
  char address[NI_MAXHOST + NI_MAXSERV + 4];
  const bool share_port = options.threads > 1;
  if (share_port) {
    // Resolves port 0 once. Also detects another server on the port: sockets that share it would not, and that server
    // would get some of the connections.
    const int probe = listener_open(options.listen, 1, false);
    if (probe < 0 || listener_address(probe, address, sizeof(address)) != 0) return EXIT_FAILURE;
    close(probe);
  }
  // Listen on all sockets before serving, so that every thread gets connections as soon as the server is ready.
  int listeners[MAX_THREADS];
  for (int i = 0; i < options.threads; ++i) {
    listeners[i] =
        listener_open(share_port ? address : options.listen, options.backlog, share_port);
    if (listeners[i] < 0) return EXIT_FAILURE;
    if (!share_port && listener_address(listeners[i], address, sizeof(address)) != 0) {
      return EXIT_FAILURE;
    }
  }
  for (int i = 0; i < options.threads; ++i) {
    if (!pin(&options, i)) return EXIT_FAILURE;
    daemons[i] = server_start(listeners[i]);
    if (daemons[i] == NULL) {
      fputs("libmicrohttpd: the daemon cannot be started\n", stderr);
      return EXIT_FAILURE;
    }
  }
  printf("listening on %s\n", address);
  fflush(stdout);

  int signal_number = 0;
  sigwait(&stop, &signal_number);
  for (int i = 0; i < options.threads; ++i) MHD_stop_daemon(daemons[i]);
  return EXIT_SUCCESS;
}
