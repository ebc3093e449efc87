#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/libmicrohttpd/endpoints.h"

#define LEAST_N 2
#define LARGEST_N 10000000

struct response longest_collatz(const char* n_text) {
  char* end = NULL;
  errno = 0;
  const long n = n_text == NULL ? 0 : strtol(n_text, &end, 10);
  // strtol() accepts blanks and signs, which the contract does not allow.
  if (end == NULL || *end != '\0' || n_text[0] < '0' || n_text[0] > '9' || errno != 0 ||
      n < LEAST_N || n > LARGEST_N) {
    return respond_error(400, "n must be a number from 2 to 10000000");
  }
  uint64_t longest_start = 1, longest_steps = 0;
  for (uint64_t start = 1; start < (uint64_t)n; ++start) {
    uint64_t steps = 0;
    for (uint64_t value = start; value != 1; ++steps) {
      value = value % 2 == 0 ? value / 2 : 3 * value + 1;
    }
    if (steps > longest_steps) {
      longest_start = start;
      longest_steps = steps;
    }
  }
  struct response response = {200, "application/json", NULL, 0, false};
  const int length =
      asprintf(&response.body, "{\"n\":%ld,\"start\":%" PRIu64 ",\"steps\":%" PRIu64 "}", n,
               longest_start, longest_steps);
  if (length < 0) return respond_no_memory();
  response.size = (size_t)length;
  return response;
}
