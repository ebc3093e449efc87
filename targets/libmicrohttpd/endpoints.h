#ifndef ASSAY_TARGETS_LIBMICROHTTPD_ENDPOINTS_H_
#define ASSAY_TARGETS_LIBMICROHTTPD_ENDPOINTS_H_

#include <stddef.h>

#include "targets/libmicrohttpd/response.h"

// The work of each endpoint of docs/endpoints.md, independent of HTTP. The functions share no state: any thread may
// call them.

// GET /json: serialises an object made for this request.
struct response hello_json(void);

// POST /json: parses, computes, serialises.
struct response items_json(const char* body, size_t size);

// POST /zlib/compress. `level` is the text of the parameter; NULL: the default.
struct response zlib_compress(const char* body, size_t size, const char* level);

// POST /zlib/decompress.
struct response zlib_decompress(const char* body, size_t size);

// GET /cpu. `n` is the text of the parameter; NULL if it is missing.
struct response longest_collatz(const char* n);

#endif  // ASSAY_TARGETS_LIBMICROHTTPD_ENDPOINTS_H_
