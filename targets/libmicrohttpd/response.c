#define _GNU_SOURCE
#include "targets/libmicrohttpd/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct response response_text(unsigned status, const char* type, const char* text) {
  return (struct response){status, type, (char*)text, strlen(text), true};
}

struct response respond_error(unsigned status, const char* reason) {
  struct response response = {status, "application/json", NULL, 0, false};
  const int length = asprintf(&response.body, "{\"error\":\"%s\"}", reason);
  if (length < 0) return respond_no_memory();
  response.size = (size_t)length;
  return response;
}

struct response respond_no_memory(void) {
  return (struct response){500, NULL, NULL, 0, false};
}
