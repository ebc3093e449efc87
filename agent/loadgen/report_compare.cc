#include "agent/loadgen/report_compare.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/loadgen/report_json.h"
#include "common/json_text.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "nlohmann/json.hpp"

namespace assay::loadgen {
namespace {

using Json = nlohmann::json;

struct Figure {
  const char* name;
  // Where it stands: a member of the result, or of the member `group`.
  const char* group;
  const char* member;
};
constexpr Figure kFigures[] = {
    {"ok/s", "", "rps"},
    {"errors", "", "errors"},
    {"timeouts", "", "timeouts"},
    {"latency p50 us", "latency_us", "p50"},
    {"latency p90 us", "latency_us", "p90"},
    {"latency p99 us", "latency_us", "p99"},
    {"latency p99.9 us", "latency_us", "p999"},
    {"latency max us", "latency_us", "max"},
    {"service p99 us", "service_us", "p99"},
    {"generator CPU us", "", "cpu_us_per_request"},
};

std::string Number(const Json& value) {
  return value.is_number() ? NumberText(value.get<double>()) : "n/a";
}

// Null where there is none. (A json_pointer would throw where an array stands in place of the group.)
Json ValueOf(const Json& result, const Figure& figure) {
  const bool grouped = figure.group[0] != '\0';
  const Json group = grouped ? result.value(figure.group, Json()) : result;
  return group.is_object() ? group.value(figure.member, Json()) : Json();
}

// A line a setting that is not the same. One that the other version did not know yet is no difference.
std::string Differences(const Json& earlier, const Json& now) {
  if (!earlier.is_object() || !now.is_object()) return "";
  std::string text;
  for (const auto& [name, value] : now.items()) {
    if (name == "started" || name == "label" || !earlier.contains(name)) continue;
    if (earlier[name] == value) continue;
    absl::StrAppend(&text, "differs: ", name, ": ", JsonText(earlier[name]), ", now ",
                    JsonText(value), "\n");
  }
  return text;
}

absl::Status ParseEarlier(std::string_view text, Json& earlier) {
  earlier = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool sound = earlier.is_object() && earlier.contains("latency_us") &&
                     earlier["latency_us"].is_object() && earlier.contains("mode") &&
                     earlier["mode"].is_string();
  if (sound) return absl::OkStatus();
  return absl::InvalidArgumentError("it is not a result of --format=json");
}

}  // namespace

absl::Status CheckEarlier(std::string_view earlier_json) {
  Json earlier;
  return ParseEarlier(earlier_json, earlier);
}

absl::StatusOr<std::string> FormatComparison(std::string_view earlier_json,
                                             const LoadResult& result,
                                             const RunSettings* settings) {
  Json earlier;
  ASSAY_RETURN_IF_ERROR(ParseEarlier(earlier_json, earlier));
  const Json now = Json::parse(FormatJson(result, settings), nullptr, /*allow_exceptions=*/false);
  std::string text = absl::StrFormat("%-18s %19s %19s %9s\n", "", "earlier", "now", "change");
  for (const Figure& figure : kFigures) {
    const Json before = ValueOf(earlier, figure);
    const Json after = ValueOf(now, figure);
    std::string change;
    if (before.is_number() && after.is_number() && before.get<double>() != 0) {
      change = absl::StrFormat("%+.1f %%", (after.get<double>() / before.get<double>() - 1) * 100);
    }
    absl::StrAppendFormat(&text, "%-18s %19s %19s %9s\n", figure.name, Number(before),
                          Number(after), change);
  }
  absl::StrAppend(&text,
                  Differences(earlier.value("settings", Json()), now.value("settings", Json())));
  absl::StrAppend(&text, earlier.value("mode", "") != now.value("mode", "")
                             ? "one of them is an open loop and the other a closed one: their "
                               "latencies do not compare\n"
                             : "");
  return text + "two runs decide nothing: `controller measure` says what a difference is worth\n";
}

}  // namespace assay::loadgen
