#include "agent/verify/http_exchange.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace assay::agent {
namespace {

constexpr size_t kMaxBody = size_t{64} << 20;
// Limit of all heads of one exchange: interim responses, the response and its trailer. The library keeps them until the
// end of the exchange.
constexpr size_t kMaxHeads = size_t{1} << 20;

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// The received response, and whether it exceeded a limit.
struct Received {
  ContractReply reply;
  size_t head_bytes = 0;
  bool body_too_long = false;
  bool heads_too_long = false;
};

size_t TakeBody(char* data, size_t, size_t size, void* context) {
  auto* const received = static_cast<Received*>(context);
  std::string& body = received->reply.body;
  if (body.size() + size > kMaxBody) {
    received->body_too_long = true;
    return 0;
  }
  // At most double the buffer, up to the limit: the old and the new buffer together take at most 1.5 times the limit.
  if (body.size() + size > body.capacity()) {
    body.reserve(std::min(kMaxBody, std::max(2 * body.capacity(), body.size() + size)));
  }
  body.append(data, size);
  return size;
}

size_t TakeHeader(char* data, size_t, size_t size, void* context) {
  auto* const received = static_cast<Received*>(context);
  received->head_bytes += size;
  if (received->head_bytes > kMaxHeads) {
    received->heads_too_long = true;
    return 0;
  }
  const std::string_view line(data, size);
  const size_t colon = line.find(':');
  if (line.substr(0, 5) == "HTTP/") {
    // The head of the final response after an interim response: discard the fields of the interim response.
    received->reply.content_type.clear();
    received->reply.allow.clear();
  } else if (colon != line.npos) {
    const std::string name = absl::AsciiStrToLower(std::string(line.substr(0, colon)));
    const std::string value =
        ToValidUtf8(std::string(absl::StripAsciiWhitespace(std::string(line.substr(colon + 1)))));
    if (name == "content-type") received->reply.content_type = value;
    if (name == "allow") received->reply.allow = value;
  }
  return size;
}

curl_slist* Append(curl_slist* list, const std::string& line) {
  curl_slist* const longer = curl_slist_append(list, line.c_str());
  return longer == nullptr ? list : longer;
}

// `host` is the Host field for a request that has none; empty: the library's default.
std::unique_ptr<curl_slist, FreeList> Headers(const HttpRequest& request, const std::string& host) {
  curl_slist* list = nullptr;
  // A name with nothing after its colon removes the field that the library would add.
  for (const char* line : {"Accept:", "Expect:", "User-Agent:"}) list = Append(list, line);
  bool has_type = false;
  bool has_host = host.empty();
  for (const auto& [name, value] : request.headers) {
    has_type |= absl::EqualsIgnoreCase(name, "content-type");
    has_host |= absl::EqualsIgnoreCase(name, "host");
    list = Append(list, value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
  }
  if (!has_host) list = Append(list, "Host: " + host);
  if (!has_type) list = Append(list, "Content-Type:");
  return std::unique_ptr<curl_slist, FreeList>(list);
}

void SetRequest(CURL* curl, const HttpRequest& request) {
  if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (request.body.has_value()) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, request.target.c_str());
}

long VersionOf(const HttpTransport& transport) {
  if (!transport.http2) return CURL_HTTP_VERSION_1_1;
  return transport.tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

// The library must be set up once, before any thread uses it.
bool SetUpLibrary() {
  static const bool done = curl_global_init(CURL_GLOBAL_SSL) == CURLE_OK;
  return done;
}

// The error of an exchange that ended with `code`. `what` is the request; `error` is libcurl's message, or empty.
absl::Status WhyFailed(CURL* curl, CURLcode code, const std::string& what, const char* error,
                       const Received& received) {
  if (received.heads_too_long) {
    return absl::ResourceExhaustedError(absl::StrCat(
        what, ": the response's header fields have more than ", kMaxHeads >> 20, " MiB"));
  }
  if (received.body_too_long || code == CURLE_FILESIZE_EXCEEDED) {
    return absl::ResourceExhaustedError(
        absl::StrCat(what, ": the response is longer than ", kMaxBody >> 20, " MiB"));
  }
  std::string message =
      absl::StrCat(what, ": ", error[0] != '\0' ? error : curl_easy_strerror(code));
  // libcurl reports that it could not connect; the system reports why.
  long system_error = 0;
  curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system_error);
  if (code == CURLE_COULDNT_CONNECT && system_error != 0) {
    absl::StrAppend(&message, " (", std::generic_category().message(static_cast<int>(system_error)),
                    ")");
  }
  if (code == CURLE_OPERATION_TIMEDOUT) return absl::DeadlineExceededError(message);
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<ContractReply> Exchange(const std::string& address, const HttpRequest& request,
                                       absl::Duration timeout, const HttpTransport& transport) {
  if (!SetUpLibrary()) return absl::InternalError("libcurl cannot be initialised");
  const std::unique_ptr<CURL, CloseHandle> handle(curl_easy_init());
  if (handle == nullptr) return absl::InternalError("libcurl cannot create a handle");
  CURL* const curl = handle.get();
  // libcurl sends the URL's host as SNI. So the URL has the other name, and the connection still goes to the address.
  const bool named = transport.tls && !transport.tls_server_name.empty();
  const std::string host =
      named ? absl::StrCat(transport.tls_server_name, address.substr(address.rfind(':'))) : address;
  const std::unique_ptr<curl_slist, FreeList> connect_to(
      named ? curl_slist_append(nullptr, absl::StrCat("::", address).c_str()) : nullptr);
  const auto headers = Headers(request, named ? address : "");
  char error[CURL_ERROR_SIZE] = "";
  Received received;
  const char* const scheme = transport.tls ? "https" : "http";
  curl_easy_setopt(curl, CURLOPT_URL, absl::StrCat(scheme, "://", host, "/").c_str());
  if (named) curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to.get());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme);
  // A Content-Length over this limit ends the exchange before the body.
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(kMaxBody));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, VersionOf(transport));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<int64_t>(1, absl::ToInt64Milliseconds(timeout))));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &received);
  SetRequest(curl, request);

  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  received.reply.status = static_cast<int>(status);
  if (code == CURLE_OK) {
    long version = 0;
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
    if (!transport.http2 || version == CURL_HTTP_VERSION_2_0) return std::move(received.reply);
    return absl::UnavailableError(
        absl::StrCat(address, " did not negotiate HTTP/2; remove `http2` to use HTTP/1.1"));
  }
  return WhyFailed(curl, code, absl::StrCat(request.method, " ", request.target, " at ", address),
                   error, received);
}

}  // namespace assay::agent
