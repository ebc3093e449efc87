// Jansson, because its integers are exact and signed 64 bits wide, and a larger one is an error. cJSON keeps every
// number as a double, which would silently change ids above 2^53.
#include <jansson.h>
#include <string.h>

#include "targets/libmicrohttpd/endpoints.h"

static struct response dump(unsigned status, const json_t* value) {
  struct response response = {status, "application/json", NULL, 0, false};
  response.body = json_dumps(value, JSON_COMPACT);
  if (response.body == NULL) return respond_no_memory();
  response.size = strlen(response.body);
  return response;
}

struct response hello_json(void) {
  json_t* hello = json_pack("{s:s}", "message", "Hello, World!");
  struct response response = hello == NULL ? respond_no_memory() : dump(200, hello);
  json_decref(hello);
  return response;
}

// Makes one item of the response from one of the request, and adds its total to `*sum`. Returns NULL on failure;
// `*reason` is then the reason.
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
    *reason = "a total exceeds 64 bits";
    return NULL;
  }
  // The parsed name is shared, not copied.
  return json_pack("{s:I,s:O,s:I}", "id", json_integer_value(id), "name", name, "total", total);
}

struct response items_json(const char* body, size_t size) {
  json_error_t error;
  json_t* order = json_loadb(body, size, JSON_ALLOW_NUL, &error);
  if (order == NULL) return respond_error(400, "the body is not JSON");
  const json_t* items = json_object_get(order, "items");
  const char* reason = json_is_array(items) ? NULL : "items is not an array";

  json_t* totals = json_array();
  json_int_t sum = 0;
  for (size_t i = 0; reason == NULL && i < json_array_size(items); ++i) {
    json_t* item = total_item(json_array_get(items, i), &sum, &reason);
    // A failure without a reason means that memory ran out: the item is NULL, and appending it fails.
    if (reason == NULL && json_array_append_new(totals, item) != 0) {
      json_decref(totals);
      totals = NULL;
      break;
    }
  }

  struct response response = respond_no_memory();
  if (reason != NULL) {
    response = respond_error(400, reason);
  } else if (totals != NULL) {
    json_t* result = json_pack("{s:O,s:I,s:I}", "items", totals, "count",
                               (json_int_t)json_array_size(totals), "total", sum);
    if (result != NULL) response = dump(200, result);
    json_decref(result);
  }
  json_decref(totals);
  json_decref(order);
  return response;
}
