#include "server/endpoints/endpoints.h"

#include "server/endpoints/echo.h"
#include "server/endpoints/healthz.h"
#include "server/endpoints/plaintext.h"

namespace assay::server {
namespace {

void Refuse(int status, std::string_view message, HttpResponse& response) {
  response.status = status;
  response.content_type = "text/plain";
  response.body = message;
}

constexpr std::string_view kAllowGet = "Allow: GET, HEAD\r\n";
constexpr std::string_view kAllowPost = "Allow: POST\r\n";
constexpr std::string_view kAllowBoth = "Allow: GET, HEAD, POST\r\n";
constexpr std::string_view kAllowAny = "Allow: GET, HEAD, POST, OPTIONS\r\n";

}  // namespace

struct Endpoints::Route {
  using Handler = void (*)(Endpoints&, const HttpRequest&, HttpResponse&);

  std::string_view path;
  Handler get;   // HEAD too; null: not allowed.
  Handler post;  // Null: not allowed.
};

const Endpoints::Route Endpoints::kRoutes[] = {
    {"/json",
     [](Endpoints& self, const HttpRequest& request, HttpResponse& response) {
       self.json_.ResponseMessage(request, response);
     },
     [](Endpoints& self, const HttpRequest& request, HttpResponse& response) {
       self.json_.RespondTotals(request, response);
     }},
    {"/plaintext",
     [](Endpoints&, const HttpRequest& request, HttpResponse& response) {
       RespondPlaintext(request, response);
     },
     nullptr},
    {"/echo", nullptr,
     [](Endpoints&, const HttpRequest& request, HttpResponse& response) {
       RespondEcho(request, response);
     }},
    {"/zlib/compress", nullptr,
     [](Endpoints& self, const HttpRequest& request, HttpResponse& response) {
       self.zlib_.Compress(request, response);
     }},
    {"/zlib/decompress", nullptr,
     [](Endpoints& self, const HttpRequest& request, HttpResponse& response) {
       self.zlib_.Decompress(request, response);
     }},
    {"/cpu",
     [](Endpoints& self, const HttpRequest& request, HttpResponse& response) {
       self.collatz_.Respond(request, response);
     },
     nullptr},
    {"/healthz",
     [](Endpoints&, const HttpRequest& request, HttpResponse& response) {
       RespondHealthz(request, response);
     },
     nullptr},
};

void Endpoints::Respond(const HttpRequest& request, HttpResponse& response) {
  for (const Route& route : kRoutes) {
    if (route.path != request.path) continue;
    const bool get = request.method == HttpMethod::kGet || request.method == HttpMethod::kHead;
    const Route::Handler handler = get                                   ? route.get
                                   : request.method == HttpMethod::kPost ? route.post
                                                                         : nullptr;
    if (handler != nullptr) return handler(*this, request, response);
    Refuse(405, "this path does not allow the method\n", response);
    response.more_headers = route.post == nullptr  ? kAllowGet
                            : route.get == nullptr ? kAllowPost
                                                   : kAllowBoth;
    return;
  }
  if (request.path == "*") {
    // OPTIONS * is about the whole server.
    response.more_headers = kAllowAny;
    return;
  }
  Refuse(404, "there is nothing at this path\n", response);
}

}  // namespace assay::server
