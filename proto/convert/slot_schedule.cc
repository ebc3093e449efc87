#include "proto/convert/slot_schedule.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "common/load_limits.h"
#include "common/status_macros.h"

namespace assay {
namespace {

absl::Status CheckTimes(const SlotSchedule& slots) {
  if (slots.slot_ns() < kShortestNs) {
    return absl::InvalidArgumentError("slot_ns is less than a millisecond");
  }
  if (slots.period_ns() <= slots.slot_ns()) {
    return absl::InvalidArgumentError(
        "period_ns is not more than slot_ns, so outstanding responses have no time to arrive");
  }
  if (slots.settle_ns() >= slots.slot_ns()) {
    return absl::InvalidArgumentError("settle_ns is not less than slot_ns, so nothing is counted");
  }
  if (slots.lead_ns() > kLongestNs) {
    return absl::InvalidArgumentError("lead_ns is more than a day");
  }
  // Divided, because the product may not fit.
  if (slots.period_ns() > (kLongestNs - slots.lead_ns()) / slots.count()) {
    return absl::InvalidArgumentError("period_ns: the whole schedule is longer than a day");
  }
  return absl::OkStatus();
}

absl::Status CheckOwn(const SlotSchedule& slots) {
  const auto& own = slots.own();
  if (own.empty() || own[own.size() - 1] < slots.warmup_count()) {
    return absl::InvalidArgumentError(
        "own has no slot that is counted: all of them, or none, are warm-up slots");
  }
  if (!std::is_sorted(own.begin(), own.end(), std::less_equal<>())) {
    return absl::InvalidArgumentError("own is not in ascending order, or has a slot twice");
  }
  if (own[own.size() - 1] >= slots.count()) {
    return absl::InvalidArgumentError(absl::StrCat("own: slot ", own[own.size() - 1],
                                                   " is not one of the ", slots.count(), " slots"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSlots(const SlotSchedule& slots) {
  if (slots.count() == 0 || slots.count() > kMostSlots) {
    return absl::InvalidArgumentError(
        absl::StrCat("count: ", slots.count(), " is not from 1 to ", kMostSlots, " slots"));
  }
  ASSAY_RETURN_IF_ERROR(CheckTimes(slots));
  return CheckOwn(slots);
}

int64_t SlotBeginNs(const SlotSchedule& slots, int64_t start_ns, uint32_t index) {
  return start_ns + static_cast<int64_t>(slots.lead_ns()) +
         static_cast<int64_t>(slots.period_ns()) * index;
}

}  // namespace assay
