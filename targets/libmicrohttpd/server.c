#include "targets/libmicrohttpd/server.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "targets/libmicrohttpd/answer.h"
#include "targets/libmicrohttpd/endpoints.h"

// Of a request's head. The library itself refuses what does not fit its pool of 32 KiB a
// connection.
#define HEAD_LIMIT ((size_t)16 << 10)
// Of one daemon. The library's own default, 1,020, is a limit of select().
#define CONNECTION_LIMIT 65536
// Seconds without a byte, after which a connection is closed.
#define IDLE_SECONDS 120
// A refused body is read on up to here, so that the client sees the response; beyond, the connection
// is closed.
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
  struct answer (*get)(struct MHD_Connection* connection);
  struct answer (*post)(struct MHD_Connection* connection, struct request* request);
};

static const char* query(struct MHD_Connection* connection, const char* name) {
  return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static struct answer get_plaintext(struct MHD_Connection* connection) {
  (void)connection;
  return response_text(MHD_HTTP_OK, "text/plain", "Hello, World!");
}

static struct answer get_healthz(struct MHD_Connection* connection) {
  (void)connection;
  return response_text(MHD_HTTP_OK, "text/plain", "ok");
}

static struct answer get_json(struct MHD_Connection* connection) {
  (void)connection;
  return hello_json();
}

static struct answer get_cpu(struct MHD_Connection* connection) {
  return longest_collatz(query(connection, "n"));
}

static struct answer post_echo(struct MHD_Connection* connection, struct request* request) {
  struct answer answer = {
      MHD_HTTP_OK,
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE),
      request->body, request->size, false};
  request->body = NULL;
  return answer;
}

static struct answer post_json(struct MHD_Connection* connection, struct request* request) {
  (void)connection;
  return items_json(request->body, request->size);
}

static struct answer post_compress(struct MHD_Connection* connection, struct request* request) {
  return zlib_compress(request->body, request->size, query(connection, "level"));
}

static struct answer post_decompress(struct MHD_Connection* connection, struct request* request) {
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

// Gives the response to the library, which frees its body. `allow` may be NULL.
static enum MHD_Result queue(struct MHD_Connection* connection, struct answer answer,
                             const char* allow) {
  struct MHD_Response* response = MHD_create_response_from_buffer(
      answer.size, answer.body, answer.is_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
  if (response == NULL) {
    if (!answer.is_static) free(answer.body);
    return MHD_NO;
  }
  if (answer.type != NULL) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type);
  }
  if (allow != NULL) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
  const enum MHD_Result result = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
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
    return queue(connection, respond_error(MHD_HTTP_NOT_FOUND, "there is no such path"), NULL);
  }
  const bool is_get =
      strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
  if (is_get && endpoint->get != NULL) return queue(connection, endpoint->get(connection), NULL);
  if (endpoint->post != NULL && strcmp(method, MHD_HTTP_METHOD_POST) == 0) {
    return queue(connection, endpoint->post(connection, request), NULL);
  }
  return queue(connection,
               respond_error(MHD_HTTP_METHOD_NOT_ALLOWED, "the path has no such method"),
               endpoint->allow);
}

// Makes room for the whole body where its length is known, so that it is not copied as it grows.
// MHD_NO: for want of memory. A body that is announced as too long is refused before it is sent.
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
  // The library has checked that it is a number.
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

// The library calls this once with the head, once for each piece of the body, and once at its end.
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
