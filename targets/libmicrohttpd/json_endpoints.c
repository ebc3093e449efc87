// Jansson, because its integers are signed 64 bits wide and exact, and one that does not fit is an
// error; cJSON keeps every number as a double, which would change ids above 2^53 without a word.
#include <jansson.h>
#include <string.h>

#include "targets/libmicrohttpd/endpoints.h"

static struct answer dump(unsigned status, const json_t* value) {
  struct answer answer = {status, "application/json", NULL, 0, false};
  answer.body = json_dumps(value, JSON_COMPACT);
  if (answer.body == NULL) return respond_no_memory();
  answer.size = strlen(answer.body);
  return answer;
}

struct answer hello_json(void) {
  json_t* hello = json_pack("{s:s}", "message", "Hello, World!");
  struct answer answer = hello == NULL ? respond_no_memory() : dump(200, hello);
  json_decref(hello);
  return answer;
}

// One item of the response, made from one of the request; NULL when it cannot be, and then `*reason`
// says why. Adds its total to `*sum`.
static json_t* total_item(const json_t* item, json_int_t* sum, const char** reason) {
  const json_t* id = json_object_get(item, "id");
  json_t* name = json_object_get(item, "name");
  const json_t* price = json_object_get(item, "price");
  const json_t* quantity = json_object_get(item, "qty");
  if (!json_is_integer(id) || !json_is_string(name) || !json_is_integer(price) ||
      !json_is_integer(quantity)) {
    *reason = "an item needs integers id, price and qty, and a string name";
    return NULL;
  }
  json_int_t total = 0;
  if (__builtin_mul_overflow(json_integer_value(price), json_integer_value(quantity), &total) ||
      __builtin_add_overflow(*sum, total, sum)) {
    *reason = "a total is beyond 64 bits";
    return NULL;
  }
  // The parsed name is shared, not copied.
  return json_pack("{s:I,s:O,s:I}", "id", json_integer_value(id), "name", name, "total", total);
}

struct answer items_json(const char* body, size_t size) {
  json_error_t error;
  json_t* order = json_loadb(body, size, JSON_ALLOW_NUL, &error);
  if (order == NULL) return respond_error(400, "the body is not JSON");
  const json_t* items = json_object_get(order, "items");
  const char* reason = json_is_array(items) ? NULL : "items is not an array";

  json_t* totals = json_array();
  json_int_t sum = 0;
  for (size_t i = 0; reason == NULL && i < json_array_size(items); ++i) {
    json_t* item = total_item(json_array_get(items, i), &sum, &reason);
    // A failure without a reason is one of memory: there is no item, and appending none fails.
    if (reason == NULL && json_array_append_new(totals, item) != 0) {
      json_decref(totals);
      totals = NULL;
      break;
    }
  }

  struct answer answer = respond_no_memory();
  if (reason != NULL) {
    answer = respond_error(400, reason);
  } else if (totals != NULL) {
    json_t* result = json_pack("{s:O,s:I,s:I}", "items", totals, "count",
                               (json_int_t)json_array_size(totals), "total", sum);
    if (result != NULL) answer = dump(200, result);
    json_decref(result);
  }
  json_decref(totals);
  json_decref(order);
  return answer;
}
