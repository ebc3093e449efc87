#include "targets/libmicrohttpd/server.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "targets/libmicrohttpd/endpoints.h"
#include "targets/libmicrohttpd/response.h"

// Limit of a request's head. The library itself refuses a head that does not fit its pool of 32 KiB per connection.
#define HEAD_LIMIT ((size_t)16 << 10)
// Limit of one daemon. The library's own default, 1,020, is a limit of select().
#define CONNECTION_LIMIT 65536
// A connection without a byte for this long is closed.
#define IDLE_SECONDS 120
// How much of a refused body is read, so that the client sees the response. Beyond it the connection is closed.
#define DISCARD_LIMIT (4 * BODY_LIMIT)

// A request whose body is being collected.
struct request {
  char* body;
  size_t size;
  size_t capacity;
  bool too_long;
};

struct endpoint {
  const char* path;
  const char* allow;
  struct response (*get)(struct MHD_Connection* connection);
  struct response (*post)(struct MHD_Connection* connection, struct request* request);
};

static const char* query(struct MHD_Connection* connection, const char* name) {
  return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct response get_plaintext(struct MHD_Connection* connection) {
  (void)connection;
  return response_text(MHD_HTTP_OK, "text/plain", "Hello, World!");
}

static struct response get_healthz(struct MHD_Connection* connection) {
  (void)connection;
  return response_text(MHD_HTTP_OK, "text/plain", "ok");
}

static struct response get_json(struct MHD_Connection* connection) {
  (void)connection;
  return hello_json();
}

static struct response get_cpu(struct MHD_Connection* connection) {
  return longest_collatz(query(connection, "n"));
}

static struct response post_echo(struct MHD_Connection* connection, struct request* request) {
  struct response response = {
      MHD_HTTP_OK,
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE),
      request->body, request->size, false};
  request->body = NULL;
  return response;
}

static struct response post_json(struct MHD_Connection* connection, struct request* request) {
  (void)connection;
  return items_json(request->body, request->size);
}

static struct response post_compress(struct MHD_Connection* connection, struct request* request) {
  return zlib_compress(request->body, request->size, query(connection, "level"));
}

static struct response post_decompress(struct MHD_Connection* connection, struct request* request) {
  (void)connection;
  return zlib_decompress(request->body, request->size);
}

static const struct endpoint kEndpoints[] = {
    {"/json", "GET, HEAD, POST", get_json, post_json},
    {"/plaintext", "GET, HEAD", get_plaintext, NULL},
    {"/echo", "POST", NULL, post_echo},
    {"/zlib/compress", "POST", NULL, post_compress},
    {"/zlib/decompress", "POST", NULL, post_decompress},
    {"/cpu", "GET, HEAD", get_cpu, NULL},
    {"/healthz", "GET, HEAD", get_healthz, NULL},
};

static const struct endpoint* find_endpoint(const char* path) {
  for (size_t i = 0; i < sizeof(kEndpoints) / sizeof(kEndpoints[0]); ++i) {
    if (strcmp(path, kEndpoints[i].path) == 0) return &kEndpoints[i];
  }
  return NULL;
}

// Passes the response to the library, which frees its body. `allow` may be NULL.
static enum MHD_Result queue(struct MHD_Connection* connection, struct response response,
                             const char* allow) {
  struct MHD_Response* mhd_response = MHD_create_response_from_buffer(
      response.size, response.body,
      response.is_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
  if (mhd_response == NULL) {
    if (!response.is_static) free(response.body);
    return MHD_NO;
  }
  if (response.type != NULL) {
    MHD_add_response_header(mhd_response, MHD_HTTP_HEADER_CONTENT_TYPE, response.type);
  }
  if (allow != NULL) MHD_add_response_header(mhd_response, MHD_HTTP_HEADER_ALLOW, allow);
  const enum MHD_Result result = MHD_queue_response(connection, response.status, mhd_response);
  MHD_destroy_response(mhd_response);
  return result;
}

static enum MHD_Result respond(struct MHD_Connection* connection, const char* path,
                               const char* method, struct request* request) {
  const struct endpoint* endpoint = find_endpoint(path);
  if (request->too_long) {
    return queue(connection, respond_error(MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long"),
                 NULL);
  }
  if (endpoint == NULL) {
    return queue(connection, respond_error(MHD_HTTP_NOT_FOUND, "unknown path"), NULL);
  }
  const bool is_get =
      strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
  if (is_get && endpoint->get != NULL) return queue(connection, endpoint->get(connection), NULL);
  if (endpoint->post != NULL && strcmp(method, MHD_HTTP_METHOD_POST) == 0) {
    return queue(connection, endpoint->post(connection, request), NULL);
  }
  return queue(connection,
               respond_error(MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not allow the method"),
               endpoint->allow);
}

// Allocates the whole body if its length is known, so that it is not copied as it grows. Returns MHD_NO if memory runs
// out. A body whose declared length is too large is refused before it is sent.
static enum MHD_Result begin_request(struct MHD_Connection* connection, void** context) {
  struct request* request = calloc(1, sizeof(*request));
  if (request == NULL) return MHD_NO;
  *context = request;
  const union MHD_ConnectionInfo* head =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  if (head != NULL && head->header_size > HEAD_LIMIT) {
    return queue(connection, respond_error(431, "the head is too long"), NULL);
  }
  const char* length =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (length == NULL) return MHD_YES;
  // The library has checked that the text is a number.
  const unsigned long long size = strtoull(length, NULL, 10);
  if (size > BODY_LIMIT) {
    return queue(connection, respond_error(MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long"),
                 NULL);
  }
  if (size > 0) {
    request->body = malloc(size);
    request->capacity = size;
  }
  return size == 0 || request->body != NULL ? MHD_YES : MHD_NO;
}

static enum MHD_Result collect(struct request* request, const char* data, size_t size) {
  if (request->size + size > BODY_LIMIT) request->too_long = true;
  if (request->too_long) {
    request->size += size;
    return request->size > DISCARD_LIMIT ? MHD_NO : MHD_YES;
  }
  if (request->size + size > request->capacity) {
    size_t capacity = request->capacity == 0 ? 4096 : 2 * request->capacity;
    if (capacity < request->size + size) capacity = request->size + size;
    char* body = realloc(request->body, capacity);
    if (body == NULL) return MHD_NO;
    request->body = body;
    request->capacity = capacity;
  }
  memcpy(request->body + request->size, data, size);
  request->size += size;
  return MHD_YES;
}

// The library calls this once with the head, once for each piece of the body, and once at the end of the body.
static enum MHD_Result handle(void* unused, struct MHD_Connection* connection, const char* path,
                              const char* method, const char* version, const char* upload_data,
                              size_t* upload_size, void** context) {
  (void)unused;
  (void)version;
  if (*context == NULL) return begin_request(connection, context);
  struct request* request = *context;
  if (*upload_size > 0) {
    const enum MHD_Result result = collect(request, upload_data, *upload_size);
    *upload_size = 0;
    return result;
  }
  return respond(connection, path, method, request);
}

static void end_request(void* unused, struct MHD_Connection* connection, void** context,
                        enum MHD_RequestTerminationCode why) {
  (void)unused;
  (void)connection;
  (void)why;
  struct request* request = *context;
  if (request == NULL) return;
  free(request->body);
  free(request);
  *context = NULL;
}

struct MHD_Daemon* server_start(int listener) {
  return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL, NULL, handle,
                          NULL, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED,
                          end_request, NULL, MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT,
                          MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT,
                          1, MHD_OPTION_END);
}
