#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/figures.h"
#include "common/status_macros.h"
#include "controller/import/decimal.h"
#include "controller/import/tool_parsers.h"

// The JSON of oha (--output-format json), k6 (--summary-export, and what handleSummary() receives) and Fortio (-json).

namespace assay::controller {
namespace {

constexpr int kSecondsToMicros = 6;
constexpr int kMillisToMicros = 3;
constexpr int kMillisToSeconds = -3;
constexpr int kNanosToSeconds = -9;
constexpr uint64_t kFirstErrorStatus = 400;

// The members of one object. The first error stays in `status`, which the readers of one result share.
class Members {
 public:
  // `object`: nullptr for an object that is not there; it has no members.
  Members(const JsonTree* object, std::string path, absl::Status* status)
      : object_(object), path_(std::move(path)), status_(*status) {
    if (object_ == nullptr || object_->kind == JsonTree::Kind::kNull) {
      object_ = nullptr;
    } else if (object_->kind != JsonTree::Kind::kObject) {
      Fail(*object_, path_, "an object");
      object_ = nullptr;
    }
  }

  bool has_object() const { return object_ != nullptr; }
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  size_t line() const { return object_ == nullptr ? 1 : object_->line; }

  Members Object(std::string_view name) const { return {Find(name), PathOf(name), &status_}; }

  // Times 10 to the power of `exponent`. Not set if it is missing, null, or an error.
  std::optional<double> Number(std::string_view name, int exponent = 0) const {
    const JsonTree* const value = Find(name);
    if (value == nullptr) return std::nullopt;
    if (value->kind != JsonTree::Kind::kNumber) return Fail(*value, PathOf(name), "a number");
    const std::optional<double> number = ScaledDecimal(value->text, exponent);
    if (!number.has_value() || *number < 0)
      return Fail(*value, PathOf(name), "a number that is not negative");
    return number;
  }

  std::optional<uint64_t> Count(std::string_view name) const {
    const JsonTree* const value = Find(name);
    if (value == nullptr) return std::nullopt;
    const std::optional<uint64_t> count =
        value->kind == JsonTree::Kind::kNumber ? CountOf(value->text) : std::nullopt;
    if (!count.has_value()) {
      Fail(*value, PathOf(name), "a whole number that is not negative");
      return std::nullopt;
    }
    return count;
  }

  std::string Text(std::string_view name) const {
    const JsonTree* const value = Find(name);
    if (value == nullptr) return "";
    if (value->kind != JsonTree::Kind::kString) Fail(*value, PathOf(name), "a string");
    return value->kind == JsonTree::Kind::kString ? value->text : "";
  }

  // Elements of an array; empty if there is none.
  std::vector<Members> Elements(std::string_view name) const {
    std::vector<Members> elements;
    const JsonTree* const value = Find(name);
    if (value == nullptr) return elements;
    if (value->kind != JsonTree::Kind::kArray) {
      Fail(*value, PathOf(name), "an array");
      return elements;
    }
    for (const auto& [unnamed, element] : value->members)
      elements.emplace_back(&element, PathOf(name), &status_);
    return elements;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    if (object_ == nullptr) return names;
    for (const auto& [name, value] : object_->members) names.push_back(name);
    return names;
  }

 private:
  // nullptr for null too.
  const JsonTree* Find(std::string_view name) const {
    const JsonTree* const found = object_ == nullptr ? nullptr : object_->Find(name);
    return found == nullptr || found->kind == JsonTree::Kind::kNull ? nullptr : found;
  }

  std::string PathOf(std::string_view name) const {
    return absl::StrCat(path_, path_.empty() ? "" : ".", std::string(name));
  }

  std::nullopt_t Fail(const JsonTree& value, const std::string& path, const char* wanted) const {
    if (status_.ok()) {
      const std::string got =
          value.kind == JsonTree::Kind::kNumber ? value.text : KindText(value.kind);
      status_ = LineError(value.line,
                          absl::StrCat(Quoted(path), " must be ", wanted, ", not ", Quoted(got)));
    }
    return std::nullopt;
  }

  const JsonTree* object_;
  std::string path_;
  absl::Status& status_;
};

void AddPercentile(std::optional<double> percent, std::optional<double> us,
                   ImportedResult* result) {
  if (!percent.has_value() || !us.has_value() || *percent <= 0 || *percent > 100) return;
  ImportedPercentile& one = *result->add_percentiles();
  one.set_percent(*percent);
  one.set_us(*us);
}

// Counts by status code; other names, such as "-1", are errors. Sets ok, errors and requests.
void AddStatusCounts(const Members& by_status, std::vector<uint64_t> errors,
                     ImportedResult* result) {
  if (!by_status.has_object()) return;
  std::vector<uint64_t> ok;
  for (const std::string& name : by_status.Names()) {
    const std::optional<uint64_t> status = CountOf(name);
    const std::optional<uint64_t> count = by_status.Count(name);
    if (!count.has_value()) continue;
    const bool good = status.has_value() && *status > 0 && *status < kFirstErrorStatus;
    (good ? ok : errors).push_back(*count);
  }
  const std::optional<uint64_t> all_ok = SumOf(ok);
  const std::optional<uint64_t> all_errors = SumOf(errors);
  if (!all_ok.has_value() || !all_errors.has_value()) return;
  result->set_ok(*all_ok);
  result->set_errors(*all_errors);
  if (const std::optional<uint64_t> all = SumOf({*all_ok, *all_errors})) result->set_requests(*all);
}

template <typename Value, typename Set>
void SetIf(const std::optional<Value>& value, const Set& set) {
  if (value.has_value()) set(*value);
}

// {"summary": {"total": 1.2, "slowest": ..., "requestsPerSec": ...}, "latencyPercentiles": {"p50": ...},
//  "statusCodeDistribution": {"200": 7}, "errorDistribution": {"aborted due to deadline": 3}}; times in seconds
absl::StatusOr<ToolResult> ParseOha(const JsonTree& json) {
  absl::Status status;
  const Members root(&json, "", &status);
  const Members summary = root.Object("summary");
  ToolResult read;
  ImportedResult& result = read.result;
  result.set_tool("oha");
  SetIf(summary.Number("total"), [&](double value) { result.set_duration_s(value); });
  SetIf(summary.Number("requestsPerSec"), [&](double value) { result.set_rps(value); });
  SetIf(summary.Number("average", kSecondsToMicros), [&](double us) { result.set_mean_us(us); });
  SetIf(summary.Number("fastest", kSecondsToMicros), [&](double us) { result.set_min_us(us); });
  SetIf(summary.Number("slowest", kSecondsToMicros), [&](double us) { result.set_max_us(us); });
  const Members percentiles = root.Object("latencyPercentiles");
  for (const std::string& name : percentiles.Names()) {
    if (!name.starts_with("p")) continue;
    AddPercentile(ScaledDecimal(std::string_view(name).substr(1), 0),
                  percentiles.Number(name, kSecondsToMicros), &result);
  }
  const Members by_error = root.Object("errorDistribution");
  std::vector<uint64_t> errors;
  for (const std::string& name : by_error.Names())
    SetIf(by_error.Count(name), [&](uint64_t count) { errors.push_back(count); });
  AddStatusCounts(root.Object("statusCodeDistribution"), std::move(errors), &result);
  result.add_notes("oha counts failed requests and any status in its requests per second");
  if (!status.ok()) return status;
  return read;
}

// A metric of k6: {"avg": ..., "p(95)": ...}, or {"type": "trend", "values": {"avg": ..., "p(95)": ...}}.
Members K6Metric(const Members& metrics, std::string_view name) {
  const Members metric = metrics.Object(name);
  return metric.Has("values") ? metric.Object("values") : metric;
}

// {"metrics": {"http_reqs": {"count": 7, "rate": 1.2}, "http_req_duration": {...}}, "state": {"testRunDurationMs": ...}};
// times in milliseconds
absl::StatusOr<ToolResult> ParseK6(const JsonTree& json) {
  absl::Status status;
  const Members root(&json, "", &status);
  const Members metrics = root.Object("metrics");
  const Members requests = K6Metric(metrics, "http_reqs");
  const Members duration = K6Metric(metrics, "http_req_duration");
  ToolResult read;
  ImportedResult& result = read.result;
  result.set_tool("k6");
  SetIf(root.Object("state").Number("testRunDurationMs", kMillisToSeconds),
        [&](double seconds) { result.set_duration_s(seconds); });
  SetIf(requests.Count("count"), [&](uint64_t count) { result.set_requests(count); });
  SetIf(requests.Number("rate"), [&](double rps) { result.set_rps(rps); });
  // k6 calls a request that failed a pass of the metric "failed".
  const Members failed = K6Metric(metrics, "http_req_failed");
  SetIf(failed.Count("passes"), [&](uint64_t count) { result.set_errors(count); });
  SetIf(failed.Count("fails"), [&](uint64_t count) { result.set_ok(count); });
  SetIf(duration.Number("avg", kMillisToMicros), [&](double us) { result.set_mean_us(us); });
  SetIf(duration.Number("min", kMillisToMicros), [&](double us) { result.set_min_us(us); });
  SetIf(duration.Number("max", kMillisToMicros), [&](double us) { result.set_max_us(us); });
  AddPercentile(50, duration.Number("med", kMillisToMicros), &result);
  for (const std::string& name : duration.Names()) {
    if (!name.starts_with("p(") || !name.ends_with(")")) continue;
    AddPercentile(ScaledDecimal(std::string_view(name).substr(2, name.size() - 3), 0),
                  duration.Number(name, kMillisToMicros), &result);
  }
  result.add_notes(
      "k6 counts responses with any status in its requests per second; its latency is "
      "http_req_duration, which leaves out the time to connect");
  if (!status.ok()) return status;
  if (!result.has_rps() && !result.has_requests())
    return LineError(metrics.line(), "the summary of k6 has no metric http_reqs: no HTTP request");
  return read;
}

// {"RunType": "HTTP", "ActualQPS": ..., "ActualDuration": nanoseconds, "NumThreads": 8, "DurationHistogram": {"Avg": ...,
//  "Percentiles": [{"Percentile": 50, "Value": ...}]}, "RetCodes": {"200": 7, "-1": 2}}; other times in seconds
absl::StatusOr<ToolResult> ParseFortio(const JsonTree& json) {
  absl::Status status;
  const Members root(&json, "", &status);
  ToolResult read;
  ImportedResult& result = read.result;
  if (const std::string type = root.Text("RunType"); type != "HTTP") {
    return LineError(json.line, absl::StrCat("the result of Fortio has RunType ", Quoted(type),
                                             "; only HTTP can be imported"));
  }
  result.set_tool("fortio");
  result.set_tool_version(root.Text("Version"));
  result.set_url(root.Text("URL"));
  SetIf(root.Number("ActualQPS"), [&](double rps) { result.set_rps(rps); });
  SetIf(root.Number("ActualDuration", kNanosToSeconds),
        [&](double seconds) { result.set_duration_s(seconds); });
  if (const std::optional<uint64_t> threads = root.Count("NumThreads")) {
    if (*threads > UINT32_MAX) return LineError(json.line, "NumThreads is too large");
    read.connections = static_cast<uint32_t>(*threads);
  }
  read.mode = "closed";
  const Members histogram = root.Object("DurationHistogram");
  SetIf(histogram.Number("Avg", kSecondsToMicros), [&](double us) { result.set_mean_us(us); });
  SetIf(histogram.Number("Min", kSecondsToMicros), [&](double us) { result.set_min_us(us); });
  SetIf(histogram.Number("Max", kSecondsToMicros), [&](double us) { result.set_max_us(us); });
  for (const Members& one : histogram.Elements("Percentiles"))
    AddPercentile(one.Number("Percentile"), one.Number("Value", kSecondsToMicros), &result);
  AddStatusCounts(root.Object("RetCodes"), {}, &result);
  const std::string asked = root.Text("RequestedQPS");
  result.add_notes(absl::StrCat(
      "Fortio interpolates percentiles within its buckets, and counts latency from the actual send",
      asked.empty() || asked == "max"
          ? ""
          : absl::StrCat("; it sent at most ", asked, " requests per second")));
  const bool empty = histogram.Count("Count") == uint64_t{0};
  if (!status.ok()) return status;
  // An empty histogram has zeros.
  if (empty) {
    result.clear_mean_us();
    result.clear_min_us();
    result.clear_max_us();
    result.clear_percentiles();
  }
  return read;
}

}  // namespace

absl::StatusOr<ToolResult> ParseToolJson(const JsonTree& json) {
  const JsonTree* const summary = json.Find("summary");
  if (summary != nullptr && summary->Find("requestsPerSec") != nullptr) return ParseOha(json);
  if (const JsonTree* const metrics = json.Find("metrics");
      metrics != nullptr && metrics->kind == JsonTree::Kind::kObject) {
    return ParseK6(json);
  }
  if (json.Find("DurationHistogram") != nullptr) return ParseFortio(json);
  return LineError(json.line,
                   "this is not JSON of a tool that Assay knows: it has neither "
                   "'summary.requestsPerSec' (oha), 'metrics' (k6) nor 'DurationHistogram' "
                   "(Fortio)");
}

}  // namespace assay::controller
