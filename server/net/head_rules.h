#ifndef ASSAY_SERVER_NET_HEAD_RULES_H_
#define ASSAY_SERVER_NET_HEAD_RULES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/net/http_message.h"

namespace assay::server {

// What RFC 9110 and 9112 ask of a request head beyond what llhttp checks, as functions of the text.

// Why a request is refused.
struct HttpError {
  int status;
  std::string_view reason;  // A sentence for whoever debugs the client; a constant.
};

// tchar, RFC 9110, 5.6.2.
bool IsTokenChar(unsigned char c);
// field-vchar, space or tab, RFC 9110, 5.5.
bool IsFieldValueChar(unsigned char c);

// Without the blanks, spaces and tabs, at both ends.
std::string_view TrimBlanks(std::string_view text);

// How many bytes of empty lines `text` begins with.
size_t SizeOfEmptyLines(std::string_view text);

// uri-host [ ":" port ], RFC 9110, 7.2; empty is valid where a target has no authority. In brackets stands an address of
// IPv6, without a zone, or what RFC 3986 keeps for later versions ("[v1.x]").
bool IsValidHost(std::string_view host);

// What a request target names.
struct RequestTarget {
  std::string_view path;   // As it came: "/..." or "*".
  std::string_view query;  // After '?', without it.
  bool encoded = false;    // The path has percent-encoded bytes.
  bool https = false;      // It is for a server that talks TLS.
};

// Takes apart origin-form, absolute-form and asterisk-form (RFC 9112, 3.2). Nothing for what is
// none of these for this method, has a fragment, user information, another scheme, or a broken
// percent-encoding.
std::optional<RequestTarget> ParseTarget(HttpMethod method, std::string_view target);

// Decodes %XX, but for %2F: a slash that is encoded parts no segments (RFC 3986, 2.2), and must not become one that does.
// REQUIRES: each '%' is followed by two hexadecimal digits.
std::string DecodePath(std::string_view path);

// Which connection options a list, the value of Connection, has (RFC 9110, 7.6.1).
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};
// Adds those of one more line.
void AddConnectionOptions(std::string_view value, ConnectionOptions& options);

// Whether the body's only coding is "chunked". Otherwise the status to refuse with: 501 when
// codings that we do not know come before chunked, 400 when chunked does not come last or twice.
std::optional<HttpError> CheckTransferEncoding(std::string_view value);

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HEAD_RULES_H_
