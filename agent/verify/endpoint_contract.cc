#include "agent/verify/endpoint_contract.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "agent/verify/endpoint_work.h"

namespace assay::agent {
namespace {

constexpr std::string_view kHello = R"({"message":"Hello, World!"})";
constexpr int64_t kLeastN = 2;
constexpr int64_t kLargestN = 10'000'000;

constexpr std::string_view kRequests[] = {
    "GET /plaintext",        "POST /echo", "GET /json",    "POST /json", "POST /zlib/compress",
    "POST /zlib/decompress", "GET /cpu",   "GET /healthz",
};

RightResponse MakeResponse(std::string_view media_type, RightResponse::Body rule,
                           std::string body) {
  return {200, std::string(media_type), rule, std::move(body), {}};
}

// A response with an error status, whose body is for people.
RightResponse Refusal(int status) { return {status, "", RightResponse::Body::kAny, "", {}}; }

// The value of `name` in the query of a request target; nullopt if it does not exist.
std::optional<std::string_view> QueryValue(std::string_view target, std::string_view name) {
  const size_t question = target.find('?');
  if (question == target.npos) return std::nullopt;
  std::string_view query = target.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.size() > name.size() && pair.substr(0, name.size()) == name &&
        pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

// Parses a decimal number without a sign; nullopt if it is anything else or out of range.
std::optional<int64_t> Number(std::string_view digits, int64_t least, int64_t largest) {
  int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || digits[0] == '-') return std::nullopt;
  if (number < least || number > largest) return std::nullopt;
  return number;
}

RightResponse Items(const ContractRequest& request) {
  std::optional<std::string> response = ItemsResponse(request.body);
  if (!response) return {400, "application/json", RightResponse::Body::kError, "", {}};
  return MakeResponse("application/json", RightResponse::Body::kJson, *std::move(response));
}

RightResponse Compress(const ContractRequest& request) {
  const std::optional<std::string_view> level = QueryValue(request.target, "level");
  if (level && !Number(*level, 0, 9)) return Refusal(400);
  return MakeResponse("application/octet-stream", RightResponse::Body::kInflatesTo, request.body);
}

RightResponse Decompress(const ContractRequest& request) {
  absl::StatusOr<std::string> inflated = Inflate(request.body, kContractBodyLimit);
  if (absl::IsResourceExhausted(inflated.status())) return Refusal(413);
  if (!inflated.ok()) return Refusal(400);
  return MakeResponse("application/octet-stream", RightResponse::Body::kEqual,
                      *std::move(inflated));
}

RightResponse Cpu(const ContractRequest& request) {
  const std::optional<std::string_view> text = QueryValue(request.target, "n");
  const std::optional<int64_t> n = text ? Number(*text, kLeastN, kLargestN) : std::nullopt;
  if (!n) return Refusal(400);
  const CollatzChain chain = LongestCollatzChain(*n);
  return MakeResponse(
      "application/json", RightResponse::Body::kEqual,
      absl::StrCat("{\"n\":", *n, ",\"start\":", chain.start, ",\"steps\":", chain.steps, "}"));
}

// The response to one of kRequests.
RightResponse Served(std::string_view served, const ContractRequest& request) {
  if (served == "POST /json") return Items(request);
  if (served == "POST /zlib/compress") return Compress(request);
  if (served == "POST /zlib/decompress") return Decompress(request);
  if (served == "GET /cpu") return Cpu(request);
  if (served == "GET /json") {
    return MakeResponse("application/json", RightResponse::Body::kEqual, std::string(kHello));
  }
  if (served == "POST /echo") {
    return MakeResponse(request.content_type, RightResponse::Body::kEqual, request.body);
  }
  return MakeResponse("text/plain", RightResponse::Body::kEqual,
                      served == "GET /healthz" ? "ok" : "Hello, World!");
}

std::string MediaType(std::string_view content_type) {
  return absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(std::string(content_type.substr(0, content_type.find(';')))));
}

// Returns the JSON with the digits of \u escapes in lower case.
std::string LowerEscapes(std::string json) {
  for (size_t i = 0; i + 1 < json.size(); ++i) {
    if (json[i] != '\\') continue;
    ++i;
    if (json[i] != 'u') continue;
    for (size_t digit = i + 1; digit < std::min(i + 5, json.size()); ++digit) {
      json[digit] = absl::ascii_tolower(static_cast<unsigned char>(json[digit]));
    }
  }
  return json;
}

// The bytes around position `at`, in readable form.
std::string Around(std::string_view bytes, size_t at) {
  constexpr size_t kBefore = 24, kAfter = 40;
  const size_t begin = at > kBefore ? at - kBefore : 0;
  const std::string_view job = bytes.substr(std::min(begin, bytes.size()), kBefore + kAfter);
  return absl::StrCat(begin > 0 ? "..." : "", "\"",
                      absl::CHexEscape(absl::string_view(job.data(), job.size())), "\"",
                      begin + job.size() < bytes.size() ? "..." : "");
}

std::string BytesDifference(std::string_view what, std::string_view expected,
                            std::string_view got) {
  if (expected == got) return {};
  const size_t common = std::min(expected.size(), got.size());
  const size_t at = std::mismatch(expected.begin(), expected.begin() + common, got.begin()).first -
                    expected.begin();
  return absl::StrCat(std::string(what), ": differs from byte ", at, " on (expected ",
                      expected.size(), " bytes, got ", got.size(), ")\n  expected ",
                      Around(expected, at), "\n  got      ", Around(got, at), "\n");
}

std::string BodyDifference(const RightResponse& right, const std::string& body) {
  switch (right.rule) {
    case RightResponse::Body::kAny:
      return {};
    case RightResponse::Body::kEqual:
      return BytesDifference("body", right.body, body);
    case RightResponse::Body::kJson:
      return BytesDifference("body", LowerEscapes(right.body), LowerEscapes(body));
    case RightResponse::Body::kInflatesTo: {
      const absl::StatusOr<std::string> inflated = Inflate(body, right.body.size() + 1);
      if (absl::IsInvalidArgument(inflated.status())) {
        return absl::StrCat("body: does not inflate (", inflated.status().message(),
                            ")\n  got      ", Around(body, 0), "\n");
      }
      if (!inflated.ok()) return absl::StrCat("body: ", inflated.status().message(), "\n");
      return BytesDifference("inflated body", right.body, *inflated);
    }
    case RightResponse::Body::kError:
      if (IsErrorObject(body)) return {};
      return absl::StrCat("body: expected {\"error\":\"...\"}\n  got      ", Around(body, 0), "\n");
  }
  return {};
}

std::string AllowDifference(const RightResponse& right, const std::string& allow) {
  std::vector<std::string> got;
  for (const absl::string_view method : absl::StrSplit(allow, ',')) {
    got.emplace_back(absl::StripAsciiWhitespace(method));
  }
  for (const std::string& method : right.allow) {
    if (std::find(got.begin(), got.end(), method) == got.end()) {
      return absl::StrCat("Allow: expected ", method, ", got \"", allow, "\"\n");
    }
  }
  return {};
}

}  // namespace

absl::Span<const std::string_view> ContractRequests() { return kRequests; }

std::optional<RightResponse> ContractResponse(const ContractRequest& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  std::vector<std::string> allow;
  for (const std::string_view served : kRequests) {
    const size_t space = served.find(' ');
    if (served.substr(space + 1) != path) continue;
    const std::string_view method = served.substr(0, space);
    if (method == request.method) return Served(served, request);
    if (method == "GET" && request.method == "HEAD") {
      RightResponse response = Served(served, request);
      response.rule = RightResponse::Body::kEqual;
      response.body.clear();
      return response;
    }
    allow.emplace_back(method);
    if (method == "GET") allow.emplace_back("HEAD");
  }
  if (allow.empty()) return std::nullopt;
  RightResponse refusal = Refusal(405);
  refusal.allow = std::move(allow);
  return refusal;
}

std::string Difference(const RightResponse& right, const ContractReply& reply) {
  std::string difference;
  if (reply.status != right.status) {
    absl::StrAppend(&difference, "status: expected ", right.status, ", got ", reply.status, "\n");
  }
  if (!right.media_type.empty() && MediaType(right.media_type) != MediaType(reply.content_type)) {
    absl::StrAppend(&difference, "Content-Type: expected ", MediaType(right.media_type), ", got ",
                    reply.content_type.empty() ? "none" : reply.content_type, "\n");
  }
  absl::StrAppend(&difference, AllowDifference(right, reply.allow),
                  BodyDifference(right, reply.body));
  // The last line has no line break, so that callers can insert the text anywhere.
  if (!difference.empty()) difference.pop_back();
  return difference;
}

}  // namespace assay::agent
