#include "agent/profiler/record_spool.h"

#include <string.h>

#include <algorithm>
#include <variant>

#include "absl/status/statusor.h"
#include "agent/profiler/perf_records.h"

namespace assay::profiler {
namespace {

// Granularity of comparison: nearer differences form one piece.
constexpr size_t kStep = 32;
// Beyond this size, the thread has switched to another stack, such as a coroutine's; the known memory is then useless.
constexpr size_t kMostMemory = size_t{256} << 10;

// The next position, in whole steps, at which the two differ; `size` if they do not.
size_t SkipSame(const char* a, const char* b, size_t at, size_t size) {
  while (at < size && memcmp(a + at, b + at, std::min(kStep, size - at)) == 0) at += kStep;
  return std::min(at, size);
}
size_t SkipDifferent(const char* a, const char* b, size_t at, size_t size) {
  while (at < size && memcmp(a + at, b + at, std::min(kStep, size - at)) != 0) at += kStep;
  return std::min(at, size);
}

}  // namespace

char* RecordSpool::Memory::Cover(uint64_t begin, size_t size) {
  const uint64_t end = begin + size;
  const uint64_t first = bytes.empty() ? begin : std::min(begin, address);
  const uint64_t last = bytes.empty() ? end : std::max(end, address + bytes.size());
  if (last - first > kMostMemory) {
    bytes.assign(size, '\0');
    address = begin;
    return bytes.data();
  }
  if (!bytes.empty()) bytes.insert(0, address - first, '\0');
  address = first;
  bytes.resize(last - first);
  return bytes.data() + (begin - first);
}

uint32_t RecordSpool::KeepChanges(std::string_view stack, char* known) {
  uint32_t pieces = 0;
  for (size_t at = SkipSame(stack.data(), known, 0, stack.size()); at < stack.size();) {
    const size_t end = SkipDifferent(stack.data(), known, at, stack.size());
    const Piece piece = {.offset = static_cast<uint32_t>(at),
                         .size = static_cast<uint32_t>(end - at)};
    bytes_.append(reinterpret_cast<const char*>(&piece), sizeof(piece));
    bytes_.append(stack, piece.offset, piece.size);
    memcpy(known + at, stack.data() + at, piece.size);
    ++pieces;
    at = SkipSame(stack.data(), known, end, stack.size());
  }
  return pieces;
}

void RecordSpool::Add(std::string_view record) {
  Kept kept = {.before = static_cast<uint32_t>(record.size())};
  const absl::StatusOr<PerfRecord> parsed = ParsePerfRecord(record);
  const auto* const sample = parsed.ok() ? std::get_if<SampleRecord>(&parsed->what) : nullptr;
  if (sample != nullptr && !sample->stack.empty()) {
    const size_t begin = static_cast<size_t>(sample->stack.data() - record.data());
    kept.thread = sample->tid;
    kept.before = static_cast<uint32_t>(begin);
    kept.behind = static_cast<uint32_t>(record.size() - begin - sample->stack.size());
    kept.address = sample->registers[kRegisterSp];
    kept.stack = static_cast<uint32_t>(sample->stack.size());
    kept.pieces =
        KeepChanges(sample->stack, memory_[kept.thread].Cover(kept.address, sample->stack.size()));
  }
  bytes_.append(record.substr(0, kept.before));
  bytes_.append(record.substr(record.size() - kept.behind));
  kept_.push_back(kept);
}

void RecordSpool::TakeAll(absl::FunctionRef<void(std::string_view record)> take) {
  memory_.clear();
  std::string record;
  const char* at = bytes_.data();
  for (const Kept& kept : kept_) {
    char* const stack =
        kept.stack == 0 ? nullptr : memory_[kept.thread].Cover(kept.address, kept.stack);
    for (uint32_t i = 0; i < kept.pieces; ++i) {
      Piece piece;
      memcpy(&piece, at, sizeof(piece));
      at += sizeof(piece);
      memcpy(stack + piece.offset, at, piece.size);
      at += piece.size;
    }
    record.assign(at, kept.before);
    at += kept.before;
    record.append(stack == nullptr ? std::string_view() : std::string_view(stack, kept.stack));
    record.append(at, kept.behind);
    at += kept.behind;
    take(record);
  }
  kept_.clear();
  bytes_.clear();
  memory_.clear();
}

}  // namespace assay::profiler
