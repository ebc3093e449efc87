#include "controller/export/samples_export.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/sample_codec.h"
#include "common/status_macros.h"
#include "controller/results/csv_row.h"
#include "proto/convert/sample_chunk.h"
#include "proto/convert/slot_schedule.h"

namespace assay::controller {
namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;
constexpr double kNanosInSecond = 1e9;

const char* OutcomeText(SampleOutcome outcome) {
  switch (outcome) {
    case SampleOutcome::kOk:
      return "ok";
    case SampleOutcome::kWrong1xx:
      return "wrong_1xx";
    case SampleOutcome::kWrong2xx:
      return "wrong_2xx";
    case SampleOutcome::kWrong3xx:
      return "wrong_3xx";
    case SampleOutcome::kWrong4xx:
      return "wrong_4xx";
    case SampleOutcome::kWrong5xx:
      return "wrong_5xx";
    case SampleOutcome::kConnectionError:
      return "connection_error";
    case SampleOutcome::kTimeout:
      return "timeout";
  }
  return "unknown";
}

std::string Header() {
  CsvRow row;
  for (const char* title : {"execution", "target", "workload", "mode", "connections", "rate",
                            "block", "load", "thread", "at_ns", "latency_ns", "outcome"}) {
    row.Text(title);
  }
  return row.Line();
}

// What every line of one chunk begins with.
std::string Begin(const ExecutionRecord& execution, uint32_t load, uint32_t thread) {
  const Cell& cell = execution.cell();
  CsvRow row;
  row.Text(execution.id()).Text(cell.target()).Text(cell.workload()).Text(cell.mode());
  if (cell.rate_per_s() > 0) {
    row.Nothing().Number(cell.rate_per_s());
  } else {
    row.Count(cell.connections()).Nothing();
  }
  std::string line = row.Count(execution.block()).Count(load).Count(thread).Line();
  line.resize(line.size() - std::string_view("\r\n").size());
  return line;
}

// When the window of a load agent began, on that agent's clock. Not set in records that lack the start of the load.
std::optional<int64_t> WindowBegin(const CampaignRecord& campaign, const ExecutionRecord& execution,
                                   uint32_t load) {
  if (load >= static_cast<uint32_t>(execution.loads_size())) return std::nullopt;
  const int64_t start_ns = execution.loads(static_cast<int>(load)).start_ns();
  if (start_ns == 0) return std::nullopt;
  if (!execution.has_slots()) {
    return start_ns +
           static_cast<int64_t>(campaign.plan().load().warmup().seconds() * kNanosInSecond);
  }
  const SlotSchedule& slots = execution.slots();
  if (!CheckSlots(slots).ok() || slots.warmup_count() > slots.count()) return std::nullopt;
  return SlotBeginNs(slots, start_ns, slots.warmup_count());
}

// Writes the samples of one campaign.
class Writer {
 public:
  Writer(const CampaignRecord& campaign, const SampleRange& range,
         absl::FunctionRef<absl::Status(std::string_view)> write)
      : campaign_(campaign), range_(range), write_(write) {}

  absl::Status Add(const ExecutionRecord& execution, uint32_t load, const SampleChunk& chunk) {
    samples_.clear();
    if (const absl::Status decoded = DecodeChunk(chunk, &samples_); !decoded.ok()) {
      return absl::Status(decoded.code(),
                          absl::StrCat("execution ", execution.id(), " of campaign ",
                                       campaign_.id(), ": ", decoded.message()));
    }
    found_ += samples_.size();
    const std::optional<int64_t> begin_ns = WindowBegin(campaign_, execution, load);
    if (!begin_ns.has_value() && !range_.whole()) {
      return absl::InvalidArgumentError(
          absl::StrCat("execution ", execution.id(),
                       " does not say when its window began; export it without --from and --to"));
    }
    if (!begun_) text_ = Header();
    begun_ = true;
    const std::string begin = Begin(execution, load, chunk.thread());
    for (const Sample& sample : samples_) {
      // Wraps, because a damaged record may hold any time.
      const auto at_ns = static_cast<int64_t>(static_cast<uint64_t>(sample.intended_ns) -
                                              static_cast<uint64_t>(begin_ns.value_or(0)));
      if (at_ns < range_.from_ns || at_ns >= range_.to_ns) continue;
      absl::StrAppend(&text_, begin, ",");
      if (begin_ns.has_value()) absl::StrAppend(&text_, at_ns);
      absl::StrAppend(&text_, ",", sample.latency_ns, ",", OutcomeText(sample.outcome), "\r\n");
      ++written_.samples;
      if (text_.size() >= kPieceBytes) ASSAY_RETURN_IF_ERROR(Flush());
    }
    return absl::OkStatus();
  }

  // After the last chunk of an execution.
  void Conclude(const ExecutionRecord& execution) {
    uint64_t lost = 0;
    for (const LoadRecord& load : execution.loads()) lost += load.finished().samples_lost();
    if (lost > 0) {
      written_.left_out.push_back(absl::StrCat(lost, lost == 1 ? " sample" : " samples",
                                               " of execution ", execution.id(),
                                               ", lost when they were recorded"));
    }
  }

  absl::StatusOr<SamplesWritten> Finish() {
    if (found_ == 0) {
      return absl::NotFoundError(
          absl::StrCat("campaign ", campaign_.id(), " has no raw samples to export"));
    }
    ASSAY_RETURN_IF_ERROR(Flush());
    return std::move(written_);
  }

 private:
  absl::Status Flush() {
    ASSAY_RETURN_IF_ERROR(write_(text_));
    text_.clear();
    return absl::OkStatus();
  }

  const CampaignRecord& campaign_;
  const SampleRange range_;
  const absl::FunctionRef<absl::Status(std::string_view)> write_;
  std::vector<Sample> samples_;
  std::string text_;
  bool begun_ = false;
  // Samples that were read, also those outside the range.
  uint64_t found_ = 0;
  SamplesWritten written_;
};

}  // namespace

absl::StatusOr<SamplesWritten> WriteSamples(Store& store, const CampaignRecord& campaign,
                                            const SampleRange& range,
                                            absl::FunctionRef<absl::Status(std::string_view)> write,
                                            std::vector<absl::Status>* damaged) {
  Writer writer(campaign, range, write);
  ASSAY_RETURN_IF_ERROR(store.ForEachExecution(
      campaign.id(),
      [&](const ExecutionRecord& execution) -> absl::Status {
        if (execution.status() != ExecutionRecord::MEASURED) return absl::OkStatus();
        const absl::Status read =
            store.ReadChunks(execution.id(), [&](uint32_t load, const SampleChunk& chunk) {
              return writer.Add(execution, load, chunk);
            });
        if (absl::IsDataLoss(read) && damaged != nullptr) {
          damaged->push_back(read);
          return absl::OkStatus();
        }
        ASSAY_RETURN_IF_ERROR(read);
        writer.Conclude(execution);
        return absl::OkStatus();
      },
      damaged));
  return writer.Finish();
}

}  // namespace assay::controller
