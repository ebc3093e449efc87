#ifndef ASSAY_TARGETS_LIBMICROHTTPD_ANSWER_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_ANSWER_H_

#include <stdbool.h>
#include <stddef.h>

// Longest request body, and longest output of /zlib/decompress.
#define BODY_LIMIT ((size_t)16 << 20)

// What an endpoint says. A NULL body of size 0 is an empty one.
struct response {
  unsigned status;
  // Static, or living as long as the request; NULL: no Content-Type.
  const char* type;
  char* body;
  size_t size;
  // Whether the body is there for ever; otherwise it was allocated by malloc() and belongs to who
  // holds the response.
  bool is_static;
};

// A response of fixed text; `text` lives for ever.
struct response response_text(unsigned status, const char* type, const char* text);

// {"error":"..."} with that status. `reason` needs no escapes.
struct response respond_error(unsigned status, const char* reason);

// For want of memory.
struct response respond_no_memory(void);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_ANSWER_H_
