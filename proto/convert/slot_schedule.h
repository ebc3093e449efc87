#ifndef ASSAY_PROTO_CONVERT_SLOT_SCHEDULE_H_
#define ASSAY_PROTO_CONVERT_SLOT_SCHEDULE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "proto/agent.pb.h"

namespace assay {

// Maximum slots of a schedule, those of all executions together: half an hour in slots of 20 ms. An execution reports
// each of its slots in about 30 bytes, all in one gRPC message of at most 4 MiB.
inline constexpr uint32_t kMostSlots = 100'000;

// Checks a schedule. Controller, agent and load generator all use these rules:
//   slot_ns at least a millisecond and less than period_ns: outstanding responses need time to arrive
//   settle_ns less than slot_ns
//   count from 1 to kMostSlots
//   own ascending, without duplicates, each less than count, and at least one of them not a warm-up slot
//   the whole schedule at most a day
// kInvalidArgument: the message begins with the name of the wrong field. Time: linear in the number of own slots.
absl::Status CheckSlots(const SlotSchedule& slots);

// When a slot begins, for a schedule that starts at `start_ns`; for index = count, when the last slot's drain ends.
// REQUIRES: CheckSlots() accepts the schedule, and index <= count.
int64_t SlotBeginNs(const SlotSchedule& slots, int64_t start_ns, uint32_t index);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_SLOT_SCHEDULE_H_
