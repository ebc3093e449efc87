#ifndef ASSAY_SERVER_NET_HEAD_RULES_H_
#define ASSAY_SERVER_NET_HEAD_RULES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/net/http_message.h"

namespace assay::server {

// The rules of RFC 9110 and 9112 for a request head that llhttp does not check, as functions of the text.

// Why a request is refused.
struct HttpError {
  int status;
  std::string_view reason;  // A constant sentence, sent to the client for debugging.
};

// tchar, RFC 9110, 5.6.2.
bool IsTokenChar(unsigned char c);
// field-vchar, space or tab, RFC 9110, 5.5.
bool IsFieldValueChar(unsigned char c);

// Removes spaces and tabs at both ends.
std::string_view TrimBlanks(std::string_view text);

// The number of bytes of empty lines at the beginning of `text`.
size_t SizeOfEmptyLines(std::string_view text);

// uri-host [ ":" port ], RFC 9110, 7.2. Empty is valid for a target without an authority. Brackets enclose an IPv6
// address without a zone, or the IPvFuture form of RFC 3986 ("[v1.x]").
bool IsValidHost(std::string_view host);

// The parts of a request target.
struct RequestTarget {
  std::string_view path;   // As received: "/..." or "*".
  std::string_view query;  // What follows '?'.
  bool encoded = false;    // The path contains percent-encoded bytes.
  bool https = false;      // The scheme is https.
};

// Parses origin-form, absolute-form and asterisk-form (RFC 9112, 3.2). Returns nullopt for a form that this method does
// not allow, and for a target with a fragment, user information, another scheme or an invalid percent-encoding.
std::optional<RequestTarget> ParseTarget(HttpMethod method, std::string_view target);

// Decodes %XX except %2F: an encoded slash does not separate segments (RFC 3986, 2.2), so it stays encoded. REQUIRES:
// two hexadecimal digits follow each '%'.
std::string DecodePath(std::string_view path);

// The connection options in the value of Connection, a list (RFC 9110, 7.6.1).
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};
// Adds the options of another Connection header.
void AddConnectionOptions(std::string_view value, ConnectionOptions& options);

// Whether "chunked" is the body's only coding. Otherwise the status to refuse with: 501 if unknown codings come before
// chunked, 400 if chunked is not last or occurs twice.
std::optional<HttpError> CheckTransferEncoding(std::string_view value);

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HEAD_RULES_H_
