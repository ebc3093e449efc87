#include <stdlib.h>
#include <zlib.h>

#include "targets/libmicrohttpd/endpoints.h"

#define DEFAULT_LEVEL 6
#define FIRST_OUTPUT ((size_t)16 << 10)

static struct response octets(Bytef* body, size_t size) {
  return (struct response){200, "application/octet-stream", (char*)body, size, false};
}

struct response zlib_compress(const char* body, size_t size, const char* level_text) {
  int level = DEFAULT_LEVEL;
  if (level_text != NULL) {
    if (level_text[0] < '0' || level_text[0] > '9' || level_text[1] != '\0') {
      return respond_error(400, "level must be a number from 0 to 9");
    }
    level = level_text[0] - '0';
  }
  uLongf length = compressBound(size);
  Bytef* output = malloc(length);
  if (output == NULL || compress2(output, &length, (const Bytef*)body, size, level) != Z_OK) {
    free(output);
    return respond_no_memory();
  }
  return octets(output, length);
}

struct response zlib_decompress(const char* body, size_t size) {
  z_stream stream = {.next_in = (Bytef*)body, .avail_in = (uInt)size};
  if (inflateInit(&stream) != Z_OK) return respond_no_memory();
  Bytef* output = NULL;
  size_t capacity = 0;
  int result = Z_OK;
  struct response response;
  while (result == Z_OK) {
    if (stream.total_out == capacity) {
      if (capacity > BODY_LIMIT) break;
      // One byte beyond the limit shows that it is exceeded.
      capacity = capacity == 0 ? FIRST_OUTPUT : capacity * 4;
      if (capacity > BODY_LIMIT) capacity = BODY_LIMIT + 1;
      Bytef* longer = realloc(output, capacity);
      if (longer == NULL) {
        result = Z_MEM_ERROR;
        break;
      }
      output = longer;
    }
    stream.next_out = output + stream.total_out;
    stream.avail_out = (uInt)(capacity - stream.total_out);
    result = inflate(&stream, Z_NO_FLUSH);
  }
  if (result == Z_MEM_ERROR) {
    response = respond_no_memory();
  } else if (stream.total_out > BODY_LIMIT) {
    response = respond_error(413, "the body inflates to more than this server accepts");
  } else if (result != Z_STREAM_END || stream.avail_in > 0) {
    response = respond_error(400, "the body is not one whole zlib stream");
  } else {
    response = octets(output, stream.total_out);
    output = NULL;
  }
  inflateEnd(&stream);
  free(output);
  return response;
}
