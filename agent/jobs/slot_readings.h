#ifndef ASSAY_AGENT_JOBS_SLOT_READINGS_H_
#define ASSAY_AGENT_JOBS_SLOT_READINGS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/telemetry/tree_clock.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// The readings of a server's CPU clocks at the edges of its own slots, and the figures that follow from them.
//
//   slot i                                      slot i + 1
//     |<------------ slot_ns ------------>| drain |
//   ^ reading                                   ^ reading
//   `- guard before the slot                    `- guard before the next slot, whoever owns it
//
// The guard keeps both readings in a drain: between them, the server handles all requests of its slot and those of no
// other. It is a millisecond, or a quarter of the drain if that is shorter. If two own slots follow each other, one
// reading ends the first and begins the second. Warm-up slots are not read.
//
// Threads: one at a time. It reads no time of its own.
class SlotReadings {
 public:
  // Reads the clocks now.
  using ReadClock = std::function<absl::StatusOr<TreeClock::Reading>()>;

  // REQUIRES: CheckSlots() accepts `slots`.
  SlotReadings(const SlotSchedule& slots, int64_t start_ns, ReadClock read);

  // The planned moment of the next reading; nullopt after the last one.
  std::optional<int64_t> NextNanos() const;
  // Makes that reading. An error is that of ReadClock.
  absl::Status Read();

  // The planned moments, guard included, before the first and after the last slot that is counted, whoever owns it.
  int64_t window_begin_ns() const { return EdgeNanos(slots_.warmup_count()); }
  int64_t window_end_ns() const { return EdgeNanos(slots_.count()); }

  // Sets the figures of the slots whose two readings were made: slots, cpu_ns, window_ns, idle_cpu_ns, idle_ns,
  // cpu_begin_ns, cpu_end_ns, begin_late_ns and end_late_ns; the optional ones only if there is such a slot. Sets
  // tree_incomplete if a reading of them is incomplete, and never clears it.
  void Report(ServerFinished& finished) const;

 private:
  // The planned moment of a reading before slot `index`.
  int64_t EdgeNanos(uint32_t index) const;
  void EndSlot(const TreeClock::Reading& end);

  const SlotSchedule slots_;
  const int64_t start_ns_;
  const int64_t guard_ns_;
  const ReadClock read_;

  // Position in `own` of the slot whose reading is next.
  int next_ = 0;
  // The reading at the begin of that slot, once it is made.
  std::optional<TreeClock::Reading> begin_;

  std::vector<ServerSlot> done_;
  TreeClock::Reading first_;
  TreeClock::Reading last_;
  // Sums over the slots in done_.
  int64_t cpu_ns_ = 0;
  int64_t observed_ns_ = 0;
  int64_t begin_late_ns_ = 0;
  int64_t end_late_ns_ = 0;
  bool complete_ = true;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_SLOT_READINGS_H_
