#ifndef ASSAY_COMMON_HTTP_URL_H_
#define ASSAY_COMMON_HTTP_URL_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// A URL of a server, as RFC 3986 and RFC 9110 (4.2) have it: one grammar for programs and plans. The scheme is
// case-insensitive, a port that is empty or left out is the scheme's own, and a fragment is dropped.
struct HttpUrl {
  bool tls = false;
  // A name or an IP address, without brackets; a link-local one with its zone, as fe80::1%eth0.
  std::string host;
  int port = 0;
  // What is asked for: path and query, which begins with '/'. Empty where the URL has neither.
  std::string path;

  // "HOST:PORT", or "[V6]:PORT".
  std::string HostAndPort() const;
  // That for the server to see: a zone means something on this host alone (RFC 6874, 4).
  std::string Authority() const;
};

// Whether a text names its server by a URL.
bool HasScheme(std::string_view text);

// kInvalidArgument says what is wrong, without the URL. A user name or a password is refused: no result and no label is
// to hold one.
absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view url);

// "HOST:PORT", "[V6]:PORT", or a URL's part between "//" and the path. `default_port`: 0 where one has to be given.
absl::StatusOr<HttpUrl> ParseAuthority(std::string_view authority, int default_port);

// The text without what stands before an '@' in its authority, for messages.
std::string WithoutUserinfo(std::string_view url);

// Whether that can be a server's name in TLS: a DNS name, and no IP address (RFC 6066, 3).
bool IsServerName(std::string_view name);

// Whether a request can ask for that: it begins with '/' and has visible ASCII only, without '#'.
absl::Status CheckRequestTarget(std::string_view path);

}  // namespace assay

#endif  // ASSAY_COMMON_HTTP_URL_H_
