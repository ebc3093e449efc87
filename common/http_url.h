#ifndef ASSAY_COMMON_HTTP_URL_H_
#define ASSAY_COMMON_HTTP_URL_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// The URL of a server as defined by RFC 3986 and RFC 9110 (4.2): one grammar for programs and plans. The scheme is
// case-insensitive. An empty or missing port is the scheme's default. A fragment is dropped.
struct HttpUrl {
  bool tls = false;
  // A name or an IP address without brackets. A link-local address includes its zone, as in fe80::1%eth0.
  std::string host;
  int port = 0;
  // The request target: path and query. Begins with '/'; empty if the URL has neither.
  std::string path;

  // "HOST:PORT", or "[V6]:PORT".
  std::string HostAndPort() const;
  // The same for the Host header: without the zone, which is only valid on this host (RFC 6874, 4).
  std::string Authority() const;
};

// Whether the text is a URL, not HOST:PORT.
bool HasScheme(std::string_view text);

// kInvalidArgument describes the error without quoting the URL. A user name or password is an error, so that results
// and labels never contain one.
absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view url);

// Parses "HOST:PORT", "[V6]:PORT", or the part of a URL between "//" and the path. `default_port`: 0 if the text must
// have a port.
absl::StatusOr<HttpUrl> ParseAuthority(std::string_view authority, int default_port);

// The text without the user information before an '@' in its authority, for messages.
std::string WithoutUserinfo(std::string_view url);

// Whether the text can be a server name in TLS: a DNS name, not an IP address (RFC 6066, 3).
bool IsServerName(std::string_view name);

// Whether the text can be a request target: it begins with '/' and has only visible ASCII without '#'.
absl::Status CheckRequestTarget(std::string_view path);

}  // namespace assay

#endif  // ASSAY_COMMON_HTTP_URL_H_
