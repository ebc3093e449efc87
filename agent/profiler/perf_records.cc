#include "agent/profiler/perf_records.h"

#include <linux/perf_event.h>
#include <string.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::profiler {
namespace {

// The fields that sample_id_all adds to every record that is not a sample: thread, time, id.
constexpr size_t kTrailerBytes = 24;
// Offset of a sample's time, after header, id, ip and thread.
constexpr size_t kSampleTimeAt = sizeof(perf_event_header) + 24;
// Larger than any chain of the kernel (PERF_MAX_STACK_DEPTH, including contexts, is much smaller).
constexpr uint64_t kMaxChain = 4096;

// Reads one value after the other. After the end, returns zeros and !ok().
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Take() {
    T value = {};
    if (rest_.size() < sizeof(T)) {
      ok_ = false;
      rest_ = {};
      return value;
    }
    memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  uint64_t Word() { return Take<uint64_t>(); }
  pid_t Pid() { return Take<int32_t>(); }

  std::string_view Bytes(uint64_t size) {
    if (rest_.size() < size) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // Text up to a zero byte or to the end.
  std::string Text() { return std::string(rest_.substr(0, rest_.find('\0'))); }

  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

bool IsContextMarker(uint64_t address) {
  return address >= static_cast<uint64_t>(PERF_CONTEXT_MAX);
}

SampleRecord ReadSample(Reader& reader, int64_t* time_ns) {
  SampleRecord sample;
  sample.event_id = reader.Word();
  sample.ip = reader.Word();
  sample.pid = reader.Pid();
  sample.tid = reader.Pid();
  *time_ns = static_cast<int64_t>(reader.Word());
  sample.period = reader.Word();
  const uint64_t depth = reader.Word();
  bool in_kernel = false;
  for (uint64_t i = 0; i < std::min(depth, kMaxChain) && reader.ok(); ++i) {
    const uint64_t address = reader.Word();
    if (IsContextMarker(address)) {
      in_kernel = address == static_cast<uint64_t>(PERF_CONTEXT_KERNEL);
    } else if (in_kernel && reader.ok()) {
      sample.kernel_chain.push_back(address);
    }
  }
  if (depth > kMaxChain) reader.Bytes((depth - kMaxChain) * sizeof(uint64_t));
  const uint64_t abi = reader.Word();
  if (abi != PERF_SAMPLE_REGS_ABI_NONE) {
    for (uint64_t& value : sample.registers) value = reader.Word();
  }
  const uint64_t capacity = reader.Word();
  if (capacity > 0) {
    const std::string_view stack = reader.Bytes(capacity);
    // The number of bytes that the kernel filled.
    sample.stack = stack.substr(0, std::min<uint64_t>(reader.Word(), stack.size()));
  }
  sample.has_user = abi == PERF_SAMPLE_REGS_ABI_64;
  sample.is_32_bit = abi == PERF_SAMPLE_REGS_ABI_32;
  return sample;
}

MapRecord ReadMap(Reader& reader) {
  MapRecord map;
  map.pid = reader.Pid();
  reader.Pid();
  map.start = reader.Word();
  map.length = reader.Word();
  map.file_offset = reader.Word();
  // Device numbers.
  reader.Word();
  map.inode = reader.Word();
  // Generation of the inode; protection and flags.
  reader.Word();
  reader.Word();
  map.path = reader.Text();
  return map;
}

// pid, parent's pid, tid, parent's tid.
struct Task {
  pid_t pid;
  pid_t parent_pid;
  pid_t tid;
};
Task ReadTask(Reader& reader) {
  Task task;
  task.pid = reader.Pid();
  task.parent_pid = reader.Pid();
  task.tid = reader.Pid();
  reader.Pid();
  return task;
}

}  // namespace

absl::StatusOr<PerfRecord> ParsePerfRecord(std::string_view bytes) {
  Reader whole(bytes);
  const auto header = whole.Take<perf_event_header>();
  if (!whole.ok() || header.size != bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a perf record of ", bytes.size(), " bytes whose header says ", header.size));
  }
  PerfRecord record;
  Reader reader(whole.Bytes(whole.left()));
  if (header.type == PERF_RECORD_SAMPLE) {
    record.what = ReadSample(reader, &record.time_ns);
  } else {
    if (reader.left() < kTrailerBytes) {
      return absl::InvalidArgumentError("a perf record without its time");
    }
    Reader trailer(bytes.substr(bytes.size() - kTrailerBytes));
    const pid_t pid = trailer.Pid();
    const pid_t tid = trailer.Pid();
    record.time_ns = static_cast<int64_t>(trailer.Word());
    reader = Reader(reader.Bytes(reader.left() - kTrailerBytes));
    switch (header.type) {
      case PERF_RECORD_MMAP2:
        record.what = ReadMap(reader);
        break;
      case PERF_RECORD_COMM:
        if (header.misc & PERF_RECORD_MISC_COMM_EXEC) record.what = ExecRecord{.pid = reader.Pid()};
        break;
      case PERF_RECORD_FORK: {
        const Task task = ReadTask(reader);
        record.what = ForkRecord{.pid = task.pid, .parent_pid = task.parent_pid, .tid = task.tid};
        break;
      }
      case PERF_RECORD_EXIT: {
        const Task task = ReadTask(reader);
        record.what = ExitRecord{.pid = task.pid, .tid = task.tid};
        break;
      }
      case PERF_RECORD_LOST:
        // The id of the event.
        reader.Word();
        record.what = LostRecord{.count = reader.Word()};
        break;
      case PERF_RECORD_LOST_SAMPLES:
        record.what = LostRecord{.count = reader.Word()};
        break;
      case PERF_RECORD_THROTTLE:
        record.what = ThrottleRecord{};
        break;
      case PERF_RECORD_SWITCH:
        record.what =
            SwitchRecord{.pid = pid,
                         .tid = tid,
                         .out = (header.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0,
                         .preempted = (header.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0};
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a perf record of type ", header.type, " that is truncated"));
  }
  return record;
}

int64_t PerfRecordTime(std::string_view bytes) {
  perf_event_header header;
  if (bytes.size() < sizeof(header) + kTrailerBytes) return 0;
  memcpy(&header, bytes.data(), sizeof(header));
  const size_t at =
      header.type == PERF_RECORD_SAMPLE ? kSampleTimeAt : bytes.size() - kTrailerBytes + 8;
  int64_t time_ns = 0;
  if (bytes.size() - at >= sizeof(time_ns)) memcpy(&time_ns, bytes.data() + at, sizeof(time_ns));
  return time_ns;
}

void AppendWithoutEmptyStack(std::string_view bytes, std::string* to) {
  const absl::StatusOr<PerfRecord> record = ParsePerfRecord(bytes);
  const auto* const sample = record.ok() ? std::get_if<SampleRecord>(&record->what) : nullptr;
  // The field before the stack is the reserved size; the field after it is the number of bytes filled.
  uint64_t capacity = 0;
  size_t begin = 0;
  uint64_t kept = 0;
  if (sample != nullptr && !sample->stack.empty()) {
    begin = static_cast<size_t>(sample->stack.data() - bytes.data());
    memcpy(&capacity, bytes.data() + begin - sizeof(capacity), sizeof(capacity));
    kept = (sample->stack.size() + sizeof(capacity) - 1) / sizeof(capacity) * sizeof(capacity);
  }
  if (kept >= capacity) {
    to->append(bytes);
    return;
  }
  const size_t at = to->size();
  to->append(bytes.substr(0, begin + kept));
  to->append(bytes.substr(begin + capacity));
  memcpy(to->data() + at + begin - sizeof(kept), &kept, sizeof(kept));
  perf_event_header header;
  memcpy(&header, to->data() + at, sizeof(header));
  header.size = static_cast<uint16_t>(to->size() - at);
  memcpy(to->data() + at, &header, sizeof(header));
}

}  // namespace assay::profiler
