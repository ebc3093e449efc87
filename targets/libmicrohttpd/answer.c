#define _GNU_SOURCE
#include "targets/libmicrohttpd/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer response_text(unsigned status, const char* type, const char* text) {
  return (struct answer){status, type, (char*)text, strlen(text), true};
}

struct answer respond_error(unsigned status, const char* reason) {
  struct answer answer = {status, "application/json", NULL, 0, false};
  const int length = asprintf(&answer.body, "{\"error\":\"%s\"}", reason);
  if (length < 0) return respond_no_memory();
  answer.size = (size_t)length;
  return answer;
}

struct answer respond_no_memory(void) {
  return (struct answer){500, NULL, NULL, 0, false};
}
