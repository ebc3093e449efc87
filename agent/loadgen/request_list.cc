#include "agent/loadgen/request_list.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/loadgen/body_digest.h"
#include "agent/verify/endpoint_work.h"
#include "analysis/random_stream.h"
#include "common/file.h"
#include "common/load_limits.h"
#include "common/status_macros.h"
#include "nlohmann/json.hpp"

namespace assay::loadgen {
namespace {

using Json = nlohmann::json;

// Of items that the endpoint contract knows: prices to 10,000.00 and quantities to 100 keep every sum far
// from overflow.
constexpr uint64_t kMostPrice = 1'000'000;
constexpr uint64_t kMostQuantity = 100;
constexpr int kNameLetters = 12;

absl::Status CheckKeys(const Json& object, std::initializer_list<const char*> known) {
  for (const auto& [key, value] : object.items()) {
    bool found = false;
    for (const char* name : known) found = found || key == name;
    if (found) continue;
    std::string names;
    for (const char* name : known) absl::StrAppend(&names, names.empty() ? "" : ", ", name);
    return absl::InvalidArgumentError(absl::StrCat("unknown key \"", key, "\"; known are ", names));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Text(const Json& object, const char* key) {
  if (object.at(key).is_string()) return object.at(key).get<std::string>();
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" is not a string"));
}

absl::StatusOr<uint64_t> Whole(const Json& object, const char* key) {
  if (object.at(key).is_number_unsigned()) return object.at(key).get<uint64_t>();
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" is not a whole number"));
}

// "body", or the contents of "body_file".
absl::StatusOr<std::optional<std::string>> Body(const Json& object, const std::string& folder) {
  if (object.contains("body") && object.contains("body_file")) {
    return absl::InvalidArgumentError("\"body\" and \"body_file\" exclude each other");
  }
  if (object.contains("body")) return Text(object, "body");
  if (!object.contains("body_file")) return std::nullopt;
  ASSAY_ASSIGN_OR_RETURN(const std::string path, Text(object, "body_file"));
  return ReadFile(path.starts_with('/') ? path : absl::StrCat(folder, "/", path));
}

absl::Status ReadExpect(const Json& expect, const std::string& folder, RequestSpec& spec) {
  if (!expect.is_object()) return absl::InvalidArgumentError("\"expect\" is not an object");
  ASSAY_RETURN_IF_ERROR(CheckKeys(expect, {"status", "length", "body", "body_file", "sha256"}));
  if (expect.contains("status")) {
    ASSAY_ASSIGN_OR_RETURN(const uint64_t status, Whole(expect, "status"));
    if (status < kLowestStatus || status > kHighestStatus) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"status\" is between ", kLowestStatus, " and ", kHighestStatus));
    }
    spec.expect_status = static_cast<int>(status);
  }
  if (expect.contains("length")) {
    ASSAY_ASSIGN_OR_RETURN(spec.expect_length, Whole(expect, "length"));
  }
  ASSAY_ASSIGN_OR_RETURN(spec.expect_body, Body(expect, folder));
  if (expect.contains("sha256")) {
    ASSAY_ASSIGN_OR_RETURN(const std::string hex, Text(expect, "sha256"));
    ASSAY_ASSIGN_OR_RETURN(spec.expect_sha256, BodyDigest::FromHex(hex));
  }
  return absl::OkStatus();
}

absl::StatusOr<RequestSpec> ReadRequest(const Json& entry, const std::string& folder) {
  if (!entry.is_object()) return absl::InvalidArgumentError("it is not an object");
  ASSAY_RETURN_IF_ERROR(
      CheckKeys(entry, {"weight", "method", "path", "headers", "body", "body_file", "expect"}));
  RequestSpec spec;
  if (!entry.contains("path")) return absl::InvalidArgumentError("\"path\" is missing");
  ASSAY_ASSIGN_OR_RETURN(spec.path, Text(entry, "path"));
  if (entry.contains("method")) {
    ASSAY_ASSIGN_OR_RETURN(spec.method, Text(entry, "method"));
  }
  if (entry.contains("weight")) {
    if (!entry["weight"].is_number() || !(entry["weight"].get<double>() > 0)) {
      return absl::InvalidArgumentError("\"weight\" is not a positive number");
    }
    spec.weight = entry["weight"].get<double>();
  }
  if (entry.contains("headers")) {
    if (!entry["headers"].is_object()) {
      return absl::InvalidArgumentError("\"headers\" is not an object");
    }
    for (const auto& [name, value] : entry["headers"].items()) {
      ASSAY_ASSIGN_OR_RETURN(const std::string text, Text(entry["headers"], name.c_str()));
      spec.headers.emplace_back(name, text);
    }
  }
  ASSAY_ASSIGN_OR_RETURN(spec.body, Body(entry, folder));
  if (entry.contains("expect")) ASSAY_RETURN_IF_ERROR(ReadExpect(entry["expect"], folder, spec));
  return spec;
}

std::string RandomItems(int items, RandomStream& random) {
  std::string body = "{\"items\":[";
  for (int i = 0; i < items; ++i) {
    std::string name;
    for (int k = 0; k < kNameLetters; ++k) name += static_cast<char>('a' + random.Below(26));
    absl::StrAppend(&body, i == 0 ? "" : ",", "{\"id\":", i + 1, ",\"name\":\"", name,
                    "\",\"price\":", 1 + random.Below(kMostPrice),
                    ",\"qty\":", 1 + random.Below(kMostQuantity), "}");
  }
  return body + "]}";
}

}  // namespace

absl::StatusOr<std::vector<RequestSpec>> ParseRequestList(std::string_view json,
                                                          const std::string& folder) {
  const Json list = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array() || list.empty()) {
    return absl::InvalidArgumentError("it is not a JSON array with at least one request");
  }
  std::vector<RequestSpec> specs;
  for (const Json& entry : list) {
    absl::StatusOr<RequestSpec> spec = ReadRequest(entry, folder);
    if (!spec.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("request ", specs.size() + 1, ": ", spec.status().message()));
    }
    specs.push_back(*std::move(spec));
  }
  return specs;
}

std::vector<RequestSpec> RandomItemRequests(const RequestSpec& like, int items, int count,
                                            uint64_t seed) {
  // The stream's number tells bodies from what else is drawn from the seed.
  RandomStream random(seed, uint64_t{1} << 33);
  std::vector<RequestSpec> specs;
  for (int i = 0; i < count; ++i) {
    RequestSpec spec = like;
    spec.body = RandomItems(items, random);
    spec.expect_body = agent::ItemsResponse(*spec.body);
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace assay::loadgen
