#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/figures.h"
#include "common/status_macros.h"
#include "controller/import/decimal.h"
#include "controller/import/tool_parsers.h"

// The text of hey (requester/print.go) and of oha, which has the same form with some more lines:
//
//   Summary:
//     Success rate: 100.00%                        only oha
//     Total:        0.3053 secs
//     Slowest:      0.2916 secs
//     Fastest:      0.0027 secs
//     Average:      0.0213 secs
//     Requests/sec: 655.0246
//
//   Latency distribution:                          oha: also "Response time distribution:"
//     50% in 0.0057 secs                           some versions of hey: "50%% in"
//
//   Status code distribution:
//     [200] 200 responses
//
//   Error distribution:
//     [3] context deadline exceeded

namespace assay::controller {
namespace {

enum class Section { kNone, kSummary, kPercentiles, kStatus, kErrors, kOther };

class HeyReader {
 public:
  absl::Status Read(const TextLine& line);
  absl::StatusOr<ToolResult> Finish(size_t last_line);

 private:
  absl::Status Begin(const TextLine& line);
  absl::Status ReadSummary(const TextLine& line);
  absl::Status ReadPercentile(const TextLine& line);
  absl::Status ReadCount(const TextLine& line);
  // A time of this output. Not set for NaN, which hey prints without a response, and, with a note, if it is rounded to zero.
  absl::StatusOr<std::optional<double>> Time(const TextLine& line, std::string_view text);

  ImportedResult& result() { return read_.result; }

  ToolResult read_;
  Section section_ = Section::kNone;
  bool begun_ = false;
  bool is_oha_ = false;
  bool rounded_ = false;
  bool has_counts_ = false;
  bool has_responses_ = false;
  std::vector<uint64_t> ok_;
  std::vector<uint64_t> errors_;
};

absl::StatusOr<std::optional<double>> HeyReader::Time(const TextLine& line, std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  if (trimmed.starts_with("NaN")) return std::optional<double>();
  const std::optional<double> us = MicrosOf(trimmed);
  if (!us.has_value()) {
    return LineError(line.number,
                     absl::StrCat("expected a time such as 0.0123 secs, got ", Quoted(text)));
  }
  if (*us > 0) return us;
  rounded_ = true;
  return std::optional<double>();
}

// A line that is not indented begins a section.
absl::Status HeyReader::Begin(const TextLine& line) {
  const std::string_view title = Trimmed(line.text);
  section_ = Section::kOther;
  if (title == "Summary:") {
    if (begun_) return LineError(line.number, "a second result begins; import one result per file");
    begun_ = true;
    section_ = Section::kSummary;
  } else if (title == "Latency distribution:" || title == "Response time distribution:") {
    section_ = Section::kPercentiles;
  } else if (title == "Status code distribution:") {
    section_ = Section::kStatus;
    has_counts_ = true;
  } else if (title == "Error distribution:") {
    section_ = Section::kErrors;
    has_counts_ = true;
  }
  return absl::OkStatus();
}

absl::Status HeyReader::ReadSummary(const TextLine& line) {
  const size_t colon = line.text.find(':');
  if (colon == std::string_view::npos) return absl::OkStatus();
  const std::string_view name = Trimmed(line.text.substr(0, colon));
  const std::string_view value = Trimmed(line.text.substr(colon + 1));
  if (name == "Success rate") is_oha_ = true;
  if (name == "Requests/sec") {
    const std::optional<double> rps = ScaledDecimal(value, 0);
    if (!rps.has_value() || *rps < 0)
      return LineError(line.number,
                       absl::StrCat("expected a number of requests/s, got ", Quoted(value)));
    result().set_rps(*rps);
  }
  if (name != "Total" && name != "Slowest" && name != "Fastest" && name != "Average")
    return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const std::optional<double> us, Time(line, value));
  if (!us.has_value()) return absl::OkStatus();
  if (name == "Total") result().set_duration_s(*us / 1e6);
  if (name == "Slowest") result().set_max_us(*us);
  if (name == "Fastest") result().set_min_us(*us);
  if (name == "Average") result().set_mean_us(*us);
  return absl::OkStatus();
}

// "50% in 0.0057 secs"
absl::Status HeyReader::ReadPercentile(const TextLine& line) {
  const std::string_view text = Trimmed(line.text);
  constexpr std::string_view kIn = " in ";
  const size_t in = text.find(kIn);
  std::string_view percent_text = text.substr(0, in);
  const bool is_percent = percent_text.ends_with('%');
  while (percent_text.ends_with('%')) percent_text.remove_suffix(1);
  const std::optional<double> percent = ScaledDecimal(percent_text, 0);
  if (in == std::string_view::npos || !is_percent || !percent.has_value() || *percent < 0 ||
      *percent > 100) {
    return LineError(line.number,
                     absl::StrCat("expected '50% in 0.0057 secs', got ", Quoted(text)));
  }
  // hey prints 0 % in place of a percentile for which there are too few requests.
  if (*percent == 0) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const std::optional<double> us, Time(line, text.substr(in + kIn.size())));
  if (!us.has_value()) return absl::OkStatus();
  ImportedPercentile& one = *result().add_percentiles();
  one.set_percent(*percent);
  one.set_us(*us);
  return absl::OkStatus();
}

// "[200] 200 responses", "[3] context deadline exceeded"
absl::Status HeyReader::ReadCount(const TextLine& line) {
  const std::string_view text = Trimmed(line.text);
  const size_t end = text.find(']');
  const std::optional<uint64_t> number = text.front() == '[' && end != std::string_view::npos
                                             ? CountOf(Trimmed(text.substr(1, end - 1)))
                                             : std::nullopt;
  // The messages of errors may have further lines.
  if (!number.has_value() && section_ == Section::kErrors) return absl::OkStatus();
  if (!number.has_value())
    return LineError(line.number,
                     absl::StrCat("expected '[200] 12 responses', got ", Quoted(text)));
  if (section_ == Section::kErrors) {
    errors_.push_back(*number);
    return absl::OkStatus();
  }
  const std::vector<std::string_view> words = WordsOf(text.substr(end + 1));
  const std::optional<uint64_t> count = words.empty() ? std::nullopt : CountOf(words[0]);
  if (!count.has_value())
    return LineError(line.number,
                     absl::StrCat("expected a count of responses, got ", Quoted(text)));
  constexpr uint64_t kFirstErrorStatus = 400;
  has_responses_ = has_responses_ || *count > 0;
  (*number < kFirstErrorStatus ? ok_ : errors_).push_back(*count);
  return absl::OkStatus();
}

absl::Status HeyReader::Read(const TextLine& line) {
  if (Trimmed(line.text).empty()) return absl::OkStatus();
  if (line.text.front() != ' ' && line.text.front() != '\t') return Begin(line);
  switch (section_) {
    case Section::kSummary:
      return ReadSummary(line);
    case Section::kPercentiles:
      return ReadPercentile(line);
    case Section::kStatus:
    case Section::kErrors:
      return ReadCount(line);
    case Section::kNone:
    case Section::kOther:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<ToolResult> HeyReader::Finish(size_t last_line) {
  if (!result().has_rps()) return LineError(last_line, "the output ends before 'Requests/sec:'");
  result().set_tool(is_oha_ ? "oha" : "hey");
  // oha can correct latencies for late sends, and does not print whether it did.
  if (!is_oha_) read_.mode = "closed";
  if (has_counts_) {
    const std::optional<uint64_t> ok = SumOf(ok_);
    const std::optional<uint64_t> errors = SumOf(errors_);
    if (ok.has_value() && errors.has_value()) {
      result().set_ok(*ok);
      result().set_errors(*errors);
      if (const std::optional<uint64_t> all = SumOf({*ok, *errors})) result().set_requests(*all);
    }
  }
  // Zeros stand for times of no response.
  if (has_counts_ && !has_responses_) {
    result().clear_mean_us();
    result().clear_min_us();
    result().clear_max_us();
    rounded_ = false;
  }
  result().add_notes(absl::StrCat(
      result().tool(), " counts failed requests and any status in its requests per second"));
  if (rounded_) {
    result().add_notes(absl::StrCat(
        result().tool(), " rounded some times to zero; they are not known and shown as n/a"));
  }
  return std::move(read_);
}

}  // namespace

absl::StatusOr<ToolResult> ParseHeyText(const std::vector<TextLine>& lines) {
  HeyReader reader;
  for (const TextLine& line : lines) ASSAY_RETURN_IF_ERROR(reader.Read(line));
  return reader.Finish(lines.size());
}

}  // namespace assay::controller
