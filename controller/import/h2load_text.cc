#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/import/decimal.h"
#include "controller/import/tool_parsers.h"

// The text of h2load (src/h2load.cc of nghttp2):
//
//   spawning thread #0: 10 total client(s). 1000 total requests
//   finished in 16.34ms, 61203.26 req/s, 2.41MB/s
//   requests: 1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout
//                        min         max         mean         sd        +/- sd
//   time for request:       68us      3.32ms       144us       247us    96.70%
//
// Later versions have further columns between max and mean (median, p95, p99), and name the row "request".

namespace assay::controller {
namespace {

class H2loadReader {
 public:
  absl::Status Read(const TextLine& line);
  absl::StatusOr<ToolResult> Finish(size_t last_line);

 private:
  absl::Status ReadThread(const TextLine& line);
  absl::Status ReadFinished(const TextLine& line);
  absl::Status ReadRequests(const TextLine& line);
  absl::Status ReadTimes(const TextLine& line, std::string_view times);

  ImportedResult& result() { return read_.result; }

  ToolResult read_;
  uint64_t clients_ = 0;
  std::vector<std::string> columns_;
};

// "spawning thread #0: 10 total client(s). 1000 total requests"
absl::Status H2loadReader::ReadThread(const TextLine& line) {
  const std::vector<std::string_view> words = WordsOf(line.text);
  const std::optional<uint64_t> clients = words.size() > 3 ? CountOf(words[3]) : std::nullopt;
  if (!clients.has_value() || *clients > UINT32_MAX || clients_ + *clients > UINT32_MAX)
    return LineError(line.number, "expected a number of clients");
  clients_ += *clients;
  return absl::OkStatus();
}

// "finished in 16.34ms, 61203.26 req/s, 2.41MB/s"
absl::Status H2loadReader::ReadFinished(const TextLine& line) {
  if (result().has_rps())
    return LineError(line.number, "a second result begins; import one result per file");
  const std::vector<std::string_view> words = WordsOf(line.text);
  std::string_view duration = words.size() > 3 ? words[2] : "";
  if (!duration.empty() && duration.back() == ',') duration.remove_suffix(1);
  const std::optional<double> us = MicrosOf(duration);
  const std::optional<double> rps = us.has_value() ? ScaledDecimal(words[3], 0) : std::nullopt;
  if (!rps.has_value() || *rps < 0)
    return LineError(line.number, "expected 'finished in TIME, NUMBER req/s'");
  result().set_duration_s(*us / 1e6);
  result().set_rps(*rps);
  return absl::OkStatus();
}

// "requests: 1000 total, 1000 started, 1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout"
absl::Status H2loadReader::ReadRequests(const TextLine& line) {
  const std::vector<std::string_view> words = WordsOf(line.text);
  for (size_t i = 1; i + 1 < words.size(); i += 2) {
    const std::optional<uint64_t> count = CountOf(words[i]);
    std::string_view name = words[i + 1];
    if (name.back() == ',') name.remove_suffix(1);
    if (!count.has_value())
      return LineError(line.number, absl::StrCat("expected a count, got ", Quoted(words[i])));
    if (name == "done") result().set_requests(*count);
    if (name == "succeeded") result().set_ok(*count);
    if (name == "failed") result().set_errors(*count);
    if (name == "timeout") result().set_timeouts(*count);
  }
  return absl::OkStatus();
}

absl::Status H2loadReader::ReadTimes(const TextLine& line, std::string_view times) {
  const std::vector<std::string_view> words = WordsOf(times);
  for (size_t i = 0; i < columns_.size() && i < words.size(); ++i) {
    const std::string& column = columns_[i];
    const bool is_percentile = column == "median" || column.starts_with("p");
    if (column != "min" && column != "max" && column != "mean" && !is_percentile) continue;
    const std::optional<double> us = MicrosOf(words[i]);
    if (!us.has_value())
      return LineError(line.number,
                       absl::StrCat("expected a time such as 1.23ms, got ", Quoted(words[i])));
    if (column == "min") result().set_min_us(*us);
    if (column == "max") result().set_max_us(*us);
    if (column == "mean") result().set_mean_us(*us);
    if (!is_percentile) continue;
    const std::optional<double> percent =
        column == "median" ? 50 : ScaledDecimal(std::string_view(column).substr(1), 0);
    if (!percent.has_value() || *percent <= 0 || *percent > 100) continue;
    ImportedPercentile& one = *result().add_percentiles();
    one.set_percent(*percent);
    one.set_us(*us);
  }
  return absl::OkStatus();
}

absl::Status H2loadReader::Read(const TextLine& line) {
  if (line.text.starts_with("spawning thread #")) return ReadThread(line);
  if (line.text.starts_with("finished in ")) return ReadFinished(line);
  if (line.text.starts_with("requests: ")) return ReadRequests(line);
  const std::vector<std::string_view> words = WordsOf(line.text);
  if (words.size() >= 3 && words[0] == "min" && words[1] == "max") {
    columns_.assign(words.begin(), words.end());
    return absl::OkStatus();
  }
  const size_t colon = line.text.find(':');
  if (colon == std::string_view::npos) return absl::OkStatus();
  const std::string_view label = Trimmed(line.text.substr(0, colon));
  if (label == "time for request" || label == "request")
    return ReadTimes(line, line.text.substr(colon + 1));
  return absl::OkStatus();
}

absl::StatusOr<ToolResult> H2loadReader::Finish(size_t last_line) {
  if (!result().has_rps()) return LineError(last_line, "the output ends before 'finished in'");
  if (!result().has_requests()) return LineError(last_line, "the output ends before 'requests:'");
  result().set_tool("h2load");
  read_.mode = "closed";
  read_.connections = static_cast<uint32_t>(clients_);
  // Zeros stand for times of no request.
  if (result().requests() == 0) {
    result().clear_min_us();
    result().clear_max_us();
    result().clear_mean_us();
    result().clear_percentiles();
  }
  return std::move(read_);
}

}  // namespace

absl::StatusOr<ToolResult> ParseH2loadText(const std::vector<TextLine>& lines) {
  H2loadReader reader;
  for (const TextLine& line : lines) ASSAY_RETURN_IF_ERROR(reader.Read(line));
  return reader.Finish(lines.size());
}

}  // namespace assay::controller
