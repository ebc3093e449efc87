#include "agent/loadgen/run_alone.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/report_compare.h"
#include "agent/loadgen/report_json.h"
#include "agent/loadgen/report_text.h"
#include "agent/loadgen/sample_file.h"
#include "agent/loadgen/stop_signals.h"
#include "analysis/hdr_log.h"
#include "analysis/order_statistics.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/runfiles.h"
#include "common/standard_streams.h"
#include "common/status_macros.h"
#include "common/utf8.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// How often the main thread looks whether the samples' ring fills.
constexpr int64_t kLookNs = kSecondNs / 4;

// Off the load threads' CPUs, where there are others.
void StandAside(const LoadOptions& options) {
  const absl::StatusOr<CpuSet> allowed = CpuSet::AllowedForThisProcess();
  if (!allowed.ok() || options.cpus.empty()) return;
  CpuSet others;
  for (const int cpu : allowed->cpus()) {
    if (std::find(options.cpus.begin(), options.cpus.end(), cpu) == options.cpus.end()) {
      others.Add(cpu);
    }
  }
  if (!others.empty()) others.PinThisThread().IgnoreError();  // It only helps.
}

// A line that is drawn over itself, once a second, on a terminal; nothing elsewhere.
class LiveLine {
 public:
  explicit LiveLine(const LoadOptions& options)
      : on_(!options.quiet && isatty(STDERR_FILENO) != 0), warmup_ns_(options.warmup_ns) {}

  bool on() const { return on_; }
  void Draw(const LoadRun& run, int64_t since_start_ns) {
    if (!on_) return;
    const uint64_t ok = run.live_ok();
    const double seconds = static_cast<double>(since_start_ns - warmup_ns_) / 1e9;
    DrawLine(absl::StrFormat("%5.0f s  %10d ok/s  %d failed", seconds, ok - last_ok_,
                             run.live_failed()));
    last_ok_ = ok;
  }
  void Clear() {
    if (on_) DrawLine("");
  }

 private:
  const bool on_;
  const int64_t warmup_ns_;
  uint64_t last_ok_ = 0;
};

// Whether the quantile that the run is for is known well enough by the seconds that are over.
bool KnowsEnough(const LoadOptions& options, const LoadRun& run) {
  if (options.until_quantile == 0) return false;
  const std::optional<Estimate> found =
      PooledQuantile(run.latency_until_now(), options.until_quantile);
  return found.has_value() && found->low.has_value() && found->high.has_value() &&
         *found->high - *found->low <= options.until_width * found->estimate;
}

// Sleeps until the load threads have ended, and does only what must be done meanwhile.
absl::Status WaitForEnd(const LoadOptions& options, LoadRun& run, SampleFile* samples,
                        StopSignals& signals) {
  LiveLine live(options);
  const int64_t start = MonotonicNanos();
  int64_t wake_every = run.harvest_every_ns();
  if (live.on() || options.until_quantile != 0) wake_every = kSecondNs;
  int64_t next_second = start + kSecondNs;
  if (samples != nullptr) wake_every = kLookNs;
  while (!run.ended()) {
    pollfd wanted[] = {{run.done_fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    const int ready =
        poll(wanted, 2, wake_every == 0 ? -1 : static_cast<int>(wake_every / 1'000'000));
    if (signals.Take()) {
      if (run.stopping()) run.Abandon();
      run.Stop(StoppedBy::kSignal);
    }
    if (ready != 0) continue;
    if (samples != nullptr) {
      const absl::Status written = samples->MakeRoom();
      if (!written.ok()) run.Stop();
      ASSAY_RETURN_IF_ERROR(written);
    }
    const int64_t now = MonotonicNanos();
    if (now < next_second) continue;
    next_second = now + kSecondNs - kLookNs / 2;
    run.HarvestSeconds();
    if (KnowsEnough(options, run)) run.Stop(StoppedBy::kUntil);
    live.Draw(run, now - start);
  }
  live.Clear();
  return absl::OkStatus();
}

// Prints, and writes --output.
absl::Status Report(const LoadResult& result, const RunSettings& settings, std::ostream& out) {
  const LoadOptions& options = *settings.options;
  switch (options.format) {
    case ReportFormat::kTable:
      out << TerminalLines(FormatTable(result, options));
      break;
    case ReportFormat::kJson:
      out << FormatJson(result, &settings);
      break;
    case ReportFormat::kCsv:
      out << FormatCsv(result);
      break;
  }
  out << std::flush;
  if (options.output_file.empty()) return absl::OkStatus();
  return WriteFileAtomically(UserPath(options.output_file), FormatJson(result, &settings));
}

// A second at a time: unpacked, each takes 216 KiB.
absl::Status WriteHdr(const LoadResult& result, absl::Time began, const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(std::string log, HdrLog(began, {}));
  const size_t head = log.size();
  const absl::Duration window = absl::Nanoseconds(result.duration_ns);
  for (const Interval& row : result.seconds) {
    ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram histogram,
                           LatencyHistogram::FromParts(row.latency));
    const absl::Duration from = absl::Seconds(row.second);
    const HdrLogInterval interval = {
        .start = from,
        .length = std::min(absl::Seconds(1), std::max(window - from, absl::ZeroDuration())),
        .histogram = &histogram};
    ASSAY_ASSIGN_OR_RETURN(const std::string one, HdrLog(began, absl::MakeConstSpan(&interval, 1)));
    log.append(one, head);
  }
  return WriteFileAtomically(UserPath(path), log);
}

// The result that --compare-to names; empty: none.
absl::StatusOr<std::string> ReadEarlier(const LoadOptions& options) {
  if (options.compare_to.empty()) return std::string();
  ASSAY_ASSIGN_OR_RETURN(std::string earlier, ReadFile(UserPath(options.compare_to)));
  const absl::Status sound = CheckEarlier(earlier);
  if (sound.ok()) return earlier;
  return absl::InvalidArgumentError(absl::StrCat(options.compare_to, ": ", sound.message()));
}

// One line on `err`: servers, files and the user's own words have no say in what a terminal does.
int Complain(std::ostream& err, std::string_view message, int exit_status) {
  err << "loadgen: " << TerminalText(message) << "\n";
  return exit_status;
}

// The whole run; what was measured is printed also where it could not begin.
absl::StatusOr<LoadResult> Measure(const LoadOptions& options, const std::string& earlier,
                                   std::ostream& out, std::ostream& err) {
  StandAside(options);
  std::unique_ptr<SampleFile> samples;
  if (!options.samples_file.empty()) {
    ASSAY_ASSIGN_OR_RETURN(
        samples, SampleFile::Create(options.samples_file, options.threads, options.pipeline));
  }
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<LoadRun> run,
                         LoadRun::Create(&options, samples == nullptr ? nullptr : samples->ring()));
  if (const absl::Status prepared = run->Prepare(); !prepared.ok()) {
    if (!absl::IsUnavailable(prepared)) return prepared;
    absl::Status failed = prepared;
    failed.Update(Report(run->Finish(), {&options, absl::Now()}, out));
    return failed;
  }
  ASSAY_ASSIGN_OR_RETURN(StopSignals signals, StopSignals::Catch());
  const RunSettings settings{&options, absl::Now() + absl::Nanoseconds(options.warmup_ns)};
  run->Start(MonotonicNanos());
  const absl::Status waited = WaitForEnd(options, *run, samples.get(), signals);
  LoadResult result = run->Finish();
  // What fails takes nothing of the rest with it.
  absl::Status written = waited;
  if (samples != nullptr && waited.ok()) written.Update(samples->Finish());
  written.Update(Report(result, settings, out));
  if (!options.hdr_file.empty())
    written.Update(WriteHdr(result, settings.started, options.hdr_file));
  if (!earlier.empty()) {
    ASSAY_ASSIGN_OR_RETURN(const std::string comparison,
                           FormatComparison(earlier, result, &settings));
    (options.format == ReportFormat::kTable ? out : err) << TerminalLines(comparison) << std::flush;
  }
  ASSAY_RETURN_IF_ERROR(written);
  return result;
}

}  // namespace

int RunAlone(const LoadOptions& options, std::ostream& out, std::ostream& err) {
  const bool spins = options.open_loop() && options.pacing == Pacing::kSpin;
  if (spins && !options.cpus.empty() && options.threads > static_cast<int>(options.cpus.size())) {
    err << "loadgen: " << options.threads << " threads spin on " << options.cpus.size()
        << " CPUs of --cpu and take them from each other: give one each, or --pacing=gentle\n";
  }
  const absl::StatusOr<std::string> earlier = ReadEarlier(options);
  if (!earlier.ok()) {
    return Complain(err, absl::StrCat("--compare-to: ", earlier.status().message()), 2);
  }
  const absl::StatusOr<LoadResult> result = Measure(options, *earlier, out, err);
  if (!result.ok()) {
    return Complain(err, absl::StrCat(result.status().message()), 1);
  }
  if (!result->accounting_error.empty()) {
    return Complain(err, absl::StrCat(result->accounting_error, "; this is a mistake in loadgen"),
                    1);
  }
  if (result->stopped_by == StoppedBy::kUnreachable) {
    Complain(err,
             absl::StrCat("no connection to ", options.target.text,
                          " could be opened for as long as --timeout; not sent: ", result->not_sent,
                          " of ", options.request_count, " requests"),
             1);
  }
  if (result->ok > 0) return 0;
  if (result->sent == 0 && result->warmup_requests > 0) {
    return Complain(err,
                    absl::StrCat("it ended in the warm-up: of the ", result->warmup_requests,
                                 " requests sent by then none counts"),
                    1);
  }
  std::string none = absl::StrCat("no request to ", options.target.text, " succeeded");
  for (const auto& [kind, count] : result->error_kinds) {
    absl::StrAppend(&none, "; ", kind, ": ", count);
  }
  if (result->timeouts > 0) absl::StrAppend(&none, "; timeouts: ", result->timeouts);
  return Complain(err, none, 1);
}

}  // namespace assay::loadgen
