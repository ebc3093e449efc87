#ifndef ASSAY_TARGETS_LIBMICROHTTPD_RESPONSE_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_RESPONSE_H_

#include <stdbool.h>
#include <stddef.h>

// Longest request body, and longest output of /zlib/decompress.
#define BODY_LIMIT ((size_t)16 << 20)

// The response of an endpoint. A NULL body of size 0 is an empty one.
struct response {
  unsigned status;
  // Static, or valid as long as the request; NULL: no Content-Type.
  const char* type;
  char* body;
  size_t size;
  // True if the body has static storage; otherwise malloc() allocated it, and the owner of the response frees it.
  bool is_static;
};

// A response with a fixed text; `text` must have static storage.
struct response response_text(unsigned status, const char* type, const char* text);

// {"error":"..."} with that status. `reason` must not need escapes.
struct response respond_error(unsigned status, const char* reason);

// The response when memory runs out.
struct response respond_no_memory(void);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_RESPONSE_H_
