#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/figures.h"
#include "common/status_macros.h"
#include "controller/import/decimal.h"
#include "controller/import/tool_parsers.h"

// The text of wrk (stats of src/wrk.c) and of wrk2, whose lines are those of wrk and some more:
//
//   Running 10s test @ http://127.0.0.1:8080/json
//     2 threads and 64 connections
//     Thread Stats   Avg      Stdev     Max   +/- Stdev
//       Latency   635.91us    0.89ms  12.92ms   93.69%
//       Req/Sec    56.20k     8.07k   62.00k    86.54%
//     Latency Distribution
//        50%  250.00us
//     22464657 requests in 30.00s, 17.76GB read
//     Socket errors: connect 0, read 3, write 0, timeout 1
//     Non-2xx or 3xx responses: 5
//   Requests/sec: 748868.53
//
// wrk prints the two lines of errors only if a count in them is not 0. wrk2 has "99%" in place of "Max", and writes its
// percentiles as "50.000%".

namespace assay::controller {
namespace {

using Words = std::vector<std::string_view>;

// "99.900%" as 99.9.
std::optional<double> PercentOf(std::string_view word) {
  if (word.empty() || word.back() != '%') return std::nullopt;
  word.remove_suffix(1);
  const std::optional<double> percent = ScaledDecimal(word, 0);
  return percent.has_value() && *percent > 0 && *percent <= 100 ? percent : std::nullopt;
}

class WrkReader {
 public:
  absl::Status Read(const TextLine& line);
  absl::StatusOr<ToolResult> Finish(size_t last_line);

 private:
  absl::Status ReadHead(const TextLine& line);
  absl::Status ReadLatency(const TextLine& line, const Words& words);
  absl::Status ReadPercentile(const TextLine& line, const Words& words);
  absl::Status ReadTotals(const TextLine& line, const Words& words);
  absl::Status ReadSocketErrors(const TextLine& line, const Words& words);
  absl::Status ReadRate(const TextLine& line, const Words& words);

  ImportedResult& result() { return read_.result; }

  ToolResult read_;
  bool begun_ = false;
  bool is_wrk2_ = false;
  // The name of the third column of "Thread Stats".
  std::string third_column_;
  enum class Distribution { kBefore, kWithin, kAfter } distribution_ = Distribution::kBefore;
  std::vector<uint64_t> errors_;
  uint64_t timeouts_ = 0;
};

absl::Status WrkReader::ReadHead(const TextLine& line) {
  if (begun_) return LineError(line.number, "a second result begins; import one result per file");
  begun_ = true;
  constexpr std::string_view kAt = " test @ ";
  result().set_url(std::string(line.text.substr(line.text.find(kAt) + kAt.size())));
  return absl::OkStatus();
}

absl::Status WrkReader::ReadLatency(const TextLine& line, const Words& words) {
  if (words.size() < 4)
    return LineError(line.number, "expected the average, deviation and maximum");
  const std::optional<double> mean = MicrosOf(words[1]);
  const std::optional<double> third = MicrosOf(words[3]);
  if (!mean.has_value() || !third.has_value()) {
    return LineError(line.number, absl::StrCat("expected times such as 1.23ms, got ",
                                               Quoted(mean.has_value() ? words[3] : words[1])));
  }
  result().set_mean_us(*mean);
  if (third_column_ == "Max") {
    result().set_max_us(*third);
  } else if (const std::optional<double> percent = PercentOf(third_column_)) {
    ImportedPercentile& one = *result().add_percentiles();
    one.set_percent(*percent);
    one.set_us(*third);
  }
  return absl::OkStatus();
}

absl::Status WrkReader::ReadPercentile(const TextLine& line, const Words& words) {
  const std::optional<double> percent = PercentOf(words[0]);
  const std::optional<double> us = words.size() == 2 ? MicrosOf(words[1]) : std::nullopt;
  if (!percent.has_value() || !us.has_value()) {
    return LineError(line.number, "expected a percentile such as '99%  1.23ms'");
  }
  // wrk2's table has the maximum in its last line.
  if (*percent == 100) {
    result().set_max_us(*us);
    return absl::OkStatus();
  }
  // The table is more exact than the line of the threads.
  for (ImportedPercentile& one : *result().mutable_percentiles()) {
    if (one.percent() != *percent) continue;
    one.set_us(*us);
    return absl::OkStatus();
  }
  ImportedPercentile& one = *result().add_percentiles();
  one.set_percent(*percent);
  one.set_us(*us);
  return absl::OkStatus();
}

// "22464657 requests in 30.00s, 17.76GB read"
absl::Status WrkReader::ReadTotals(const TextLine& line, const Words& words) {
  const std::optional<uint64_t> requests = CountOf(words[0]);
  std::string_view duration = words[3];
  if (!duration.empty() && duration.back() == ',') duration.remove_suffix(1);
  const std::optional<double> us = MicrosOf(duration);
  if (!requests.has_value() || !us.has_value()) {
    return LineError(line.number, "expected 'N requests in TIME'");
  }
  result().set_requests(*requests);
  result().set_duration_s(*us / 1e6);
  return absl::OkStatus();
}

// "Socket errors: connect 0, read 3, write 0, timeout 1"
absl::Status WrkReader::ReadSocketErrors(const TextLine& line, const Words& words) {
  for (size_t i = 2; i + 1 < words.size(); i += 2) {
    std::string_view number = words[i + 1];
    if (!number.empty() && number.back() == ',') number.remove_suffix(1);
    const std::optional<uint64_t> count = CountOf(number);
    if (!count.has_value()) {
      return LineError(line.number, absl::StrCat("expected a count, got ", Quoted(number)));
    }
    if (words[i] == "timeout") {
      timeouts_ = *count;
    } else {
      errors_.push_back(*count);
    }
  }
  return absl::OkStatus();
}

absl::Status WrkReader::ReadRate(const TextLine& line, const Words& words) {
  const std::optional<double> rps = words.size() == 2 ? ScaledDecimal(words[1], 0) : std::nullopt;
  if (!rps.has_value() || *rps < 0)
    return LineError(line.number, "expected a number of requests/s");
  result().set_rps(*rps);
  return absl::OkStatus();
}

absl::Status WrkReader::Read(const TextLine& line) {
  if (line.text.starts_with("Running ") && line.text.find(" test @ ") != std::string_view::npos)
    return ReadHead(line);
  const Words words = WordsOf(line.text);
  if (words.empty() || !begun_) return absl::OkStatus();
  if (distribution_ == Distribution::kWithin) {
    if (words[0].ends_with('%')) return ReadPercentile(line, words);
    distribution_ = Distribution::kAfter;
  }
  if (words.size() >= 5 && words[1] == "threads" && words[2] == "and" &&
      words[4].starts_with("connection")) {
    const std::optional<uint64_t> connections = CountOf(words[3]);
    if (!connections.has_value() || *connections > UINT32_MAX) {
      return LineError(line.number, "expected a number of connections");
    }
    read_.connections = static_cast<uint32_t>(*connections);
    return absl::OkStatus();
  }
  if (words[0] == "Thread" && words.size() > 4 && words[1] == "Stats") {
    third_column_ = std::string(words[4]);
    is_wrk2_ = is_wrk2_ || third_column_ == "99%";
    return absl::OkStatus();
  }
  if (words[0] == "Thread" && words.size() > 1 && words[1] == "calibration:") is_wrk2_ = true;
  if (words[0] == "Latency" && words.size() > 1 && words[1] == "Distribution") {
    is_wrk2_ = is_wrk2_ || line.text.find("HdrHistogram") != std::string_view::npos;
    // wrk2 -U prints a second table, of times that leave out the wait for a late start.
    if (distribution_ == Distribution::kBefore) distribution_ = Distribution::kWithin;
    return absl::OkStatus();
  }
  if (words[0] == "Latency") return ReadLatency(line, words);
  if (words.size() >= 4 && words[1] == "requests" && words[2] == "in")
    return ReadTotals(line, words);
  if (words[0] == "Socket" && words.size() > 1 && words[1] == "errors:")
    return ReadSocketErrors(line, words);
  if (words[0] == "Non-2xx") {
    const std::optional<uint64_t> count = CountOf(words.back());
    if (!count.has_value()) return LineError(line.number, "expected a count of responses");
    errors_.push_back(*count);
    return absl::OkStatus();
  }
  if (words[0] == "Requests/sec:") return ReadRate(line, words);
  return absl::OkStatus();
}

absl::StatusOr<ToolResult> WrkReader::Finish(size_t last_line) {
  if (!result().has_rps() || !result().has_requests()) {
    return LineError(last_line,
                     absl::StrCat("the output ends before ",
                                  result().has_requests() ? "'Requests/sec:'" : "'requests in'"));
  }
  result().set_tool(is_wrk2_ ? "wrk2" : "wrk");
  // wrk2 counts latency from the time at which a request was due.
  if (!is_wrk2_) read_.mode = "closed";
  const std::optional<uint64_t> errors = SumOf(errors_);
  if (errors.has_value()) result().set_errors(*errors);
  result().set_timeouts(timeouts_);
  // Zeros stand for times of no request.
  if (result().requests() == 0) {
    result().clear_mean_us();
    result().clear_max_us();
    result().clear_percentiles();
  }
  result().add_notes(absl::StrCat(result().tool(),
                                  " counts responses with any status in its requests per second"));
  return std::move(read_);
}

}  // namespace

absl::StatusOr<ToolResult> ParseWrkText(const std::vector<TextLine>& lines) {
  WrkReader reader;
  for (const TextLine& line : lines) ASSAY_RETURN_IF_ERROR(reader.Read(line));
  return reader.Finish(lines.size());
}

}  // namespace assay::controller
