#include "agent/loadgen/request_options.h"

#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/loadgen/body_digest.h"
#include "agent/loadgen/request_list.h"
#include "common/file.h"
#include "common/load_limits.h"
#include "common/runfiles.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

constexpr int kRandomBodies = 64;
constexpr int kMostItems = 100'000;

absl::StatusOr<RequestSpec> ReadSpec(const RequestFlags& words, const std::string& url_path) {
  RequestSpec spec = words.spec;
  if (!words.path.empty()) {
    spec.path = words.path;
  } else if (!url_path.empty()) {
    spec.path = url_path;
  }
  for (const std::string& header : words.headers) {
    const size_t colon = header.find(':');
    if (colon == std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("--header='", header, "' is not of the form 'Name: value'"));
    }
    spec.headers.emplace_back(
        header.substr(0, colon),
        std::string(absl::StripAsciiWhitespace(absl::string_view(header).substr(colon + 1))));
  }
  if (words.body.has_value() && !words.body_file.empty()) {
    return absl::InvalidArgumentError("--body and --body-file exclude each other");
  }
  spec.body = words.body;
  if (!words.body_file.empty()) {
    ASSAY_ASSIGN_OR_RETURN(spec.body, ReadFile(UserPath(words.body_file)));
  }
  if (!words.expect_body_file.empty()) {
    ASSAY_ASSIGN_OR_RETURN(spec.expect_body, ReadFile(UserPath(words.expect_body_file)));
  }
  if (!words.expect_sha256.empty()) {
    absl::StatusOr<std::string> bytes = BodyDigest::FromHex(words.expect_sha256);
    if (!bytes.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--expect-sha256: ", bytes.status().message()));
    }
    spec.expect_sha256 = *std::move(bytes);
  }
  spec.expect_length = words.expect_length;
  return spec;
}

absl::StatusOr<std::vector<RequestSpec>> ReadMix(const std::string& file) {
  const std::string path = UserPath(file);
  ASSAY_ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  absl::StatusOr<std::vector<RequestSpec>> specs =
      ParseRequestList(json, path.substr(0, path.rfind('/')));
  if (specs.ok()) return specs;
  return absl::InvalidArgumentError(absl::StrCat("--mix=", file, ": ", specs.status().message()));
}

// What was said of the requests beside --mix; empty: nothing.
std::string BesideMix(const RequestFlags& words, const std::string& url_path) {
  const std::pair<bool, const char*> flags[] = {
      {!words.path.empty(), "--path"},
      {!url_path.empty() && url_path != "/", "the URL's path"},
      {!words.spec.method.empty(), "--method"},
      {!words.headers.empty(), "--header"},
      {words.body.has_value(), "--body"},
      {!words.body_file.empty(), "--body-file"},
      {words.random_items != 0, "--random-items"},
      {words.spec.expect_status != 0, "--expect-status"},
      {words.expect_length.has_value(), "--expect-length"},
      {!words.expect_body_file.empty(), "--expect-body-file"},
      {!words.expect_sha256.empty(), "--expect-sha256"},
  };
  for (const auto& [said, name] : flags) {
    if (said) return name;
  }
  return "";
}

}  // namespace

void DeclareRequests(CLI::App& app, RequestFlags& words) {
  app.add_option("--path", words.path, "Path and query [/]");
  app.add_option("--method,-m", words.spec.method, "Method [GET, or POST with a body]");
  app.add_option("--header,-H", words.headers, "'Name: value', repeatable")->take_all();
  app.add_option("--body", words.body, "Body, as it stands");
  app.add_option("--body-file", words.body_file, "File whose contents are the body");
  app.add_option(
      "--random-items", words.random_items,
      "Bodies of so many items for POST /json, drawn from the seed; responses are checked");
  app.add_option("--mix", words.mix_file, "JSON file with a list of requests and their weights");
  app.add_option("--expect-status", words.spec.expect_status,
                 "Status of a right response [any 2xx]")
      ->check(CLI::Range(static_cast<int>(kLowestStatus), static_cast<int>(kHighestStatus)));
  app.add_option("--expect-length", words.expect_length, "Body length of a right response");
  app.add_option("--expect-body-file", words.expect_body_file,
                 "File whose contents are the body of a right response");
  app.add_option("--expect-sha256", words.expect_sha256,
                 "SHA-256 of a right response's body, as 64 hexadecimal digits");
}

absl::StatusOr<std::vector<RequestSpec>> ReadRequests(const RequestFlags& words,
                                                      const std::string& url_path, uint64_t seed) {
  const bool has_body = words.body.has_value() || !words.body_file.empty();
  if (!words.mix_file.empty()) {
    const std::string alien = BesideMix(words, url_path);
    if (!alien.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--mix says what is asked and what is right: ", alien, " does not go with it"));
    }
    return ReadMix(words.mix_file);
  }
  ASSAY_ASSIGN_OR_RETURN(RequestSpec spec, ReadSpec(words, url_path));
  if (words.random_items == 0) return std::vector<RequestSpec>{std::move(spec)};
  if (has_body || !words.expect_body_file.empty() || !words.expect_sha256.empty() ||
      words.random_items < 0 || words.random_items > kMostItems) {
    return absl::InvalidArgumentError(
        absl::StrCat("--random-items is between 1 and ", kMostItems,
                     ", and makes the body and the expected response itself: leave out --body, "
                     "--expect-body-file and --expect-sha256"));
  }
  return RandomItemRequests(spec, words.random_items, kRandomBodies, seed);
}

}  // namespace assay::loadgen
