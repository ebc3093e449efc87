#include "common/cpu_set.h"

#include <errno.h>
#include <sched.h>

#include <array>
#include <climits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay {
namespace {

constexpr int kBitsPerWord = sizeof(unsigned long) * CHAR_BIT;
// The size of the masks for the affinity calls. cpu_set_t ends at 1024 CPUs.
using KernelMask = std::array<unsigned long, CpuSet::kMaxCpus / kBitsPerWord>;

bool ParseCpu(absl::string_view text, int* cpu) {
  // SimpleAtoi would accept "+1" and " 1".
  if (text.empty() || !absl::ascii_isdigit(text[0])) return false;
  return absl::SimpleAtoi(text, cpu) && *cpu < CpuSet::kMaxCpus;
}

// sched_setaffinity() for the calling thread.
int SetAffinity(const CpuSet& set) {
  KernelMask mask{};
  for (const int cpu : set.cpus()) mask[cpu / kBitsPerWord] |= 1UL << (cpu % kBitsPerWord);
  return sched_setaffinity(0, sizeof(mask), reinterpret_cast<const cpu_set_t*>(mask.data()));
}

absl::Status AffinityError(int error, absl::string_view what) {
  return error == ESRCH ? absl::NotFoundError(absl::StrCat(what, ": the thread has ended"))
                        : absl::ErrnoToStatus(error, what);
}

}  // namespace

absl::StatusOr<CpuSet> CpuSet::Parse(std::string_view list) {
  const absl::string_view text =
      absl::StripAsciiWhitespace(absl::string_view(list.data(), list.size()));
  CpuSet set;
  if (text.empty()) return set;
  for (const absl::string_view range : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(range, absl::MaxSplits('-', 1));
    const bool is_range = range.find('-') != absl::string_view::npos;
    int first = 0;
    int last = 0;
    if (!ParseCpu(ends.first, &first) || !ParseCpu(is_range ? ends.second : ends.first, &last) ||
        last < first) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", text, "\" is not a list of CPUs: \"", range, "\" is neither a CPU number below ",
          kMaxCpus, " nor an ascending range; write it as \"0\" or \"0-1,3\""));
    }
    for (int cpu = first; cpu <= last; ++cpu) set.Add(cpu);
  }
  return set;
}

absl::StatusOr<CpuSet> CpuSet::AllowedForThisProcess() { return AllowedForThread(0); }

absl::StatusOr<CpuSet> CpuSet::AllowedForThread(pid_t tid) {
  KernelMask mask{};
  if (sched_getaffinity(tid, sizeof(mask), reinterpret_cast<cpu_set_t*>(mask.data())) != 0) {
    return AffinityError(errno, absl::StrCat("cannot read the CPUs allowed for thread ", tid));
  }
  CpuSet set;
  for (int cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (mask[cpu / kBitsPerWord] >> (cpu % kBitsPerWord) & 1) set.Add(cpu);
  }
  return set;
}

void CpuSet::Add(int cpu) { cpus_.set(static_cast<size_t>(cpu)); }

bool CpuSet::Contains(int cpu) const {
  return cpu >= 0 && cpu < kMaxCpus && cpus_[static_cast<size_t>(cpu)];
}

bool CpuSet::Intersects(const CpuSet& other) const { return (cpus_ & other.cpus_).any(); }

bool CpuSet::Includes(const CpuSet& other) const { return (other.cpus_ & ~cpus_).none(); }

CpuSet& CpuSet::operator|=(const CpuSet& other) {
  cpus_ |= other.cpus_;
  return *this;
}

int CpuSet::Count() const { return static_cast<int>(cpus_.count()); }

std::vector<int> CpuSet::cpus() const {
  std::vector<int> list;
  list.reserve(cpus_.count());
  for (int cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (Contains(cpu)) list.push_back(cpu);
  }
  return list;
}

std::string CpuSet::ToString() const {
  std::string text;
  for (int first = 0; first < kMaxCpus; ++first) {
    if (!Contains(first)) continue;
    int last = first;
    while (Contains(last + 1)) ++last;
    absl::StrAppend(&text, text.empty() ? "" : ",", first);
    if (last > first) absl::StrAppend(&text, "-", last);
    first = last;
  }
  return text;
}

absl::Status CpuSet::PinThisThread() const {
  absl::StatusOr<CpuSet> before = AllowedForThread(0);
  if (!before.ok()) return before.status();
  const std::string what = absl::StrCat("cannot pin to the CPUs \"", ToString(), "\"");
  if (SetAffinity(*this) != 0) {
    if (errno != EINVAL) return absl::ErrnoToStatus(errno, what);
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": none of them exists and is allowed; this process may use \"",
                     before->ToString(), "\""));
  }
  // The kernel silently drops CPUs that do not exist or that the cgroup withholds.
  absl::StatusOr<CpuSet> after = AllowedForThread(0);
  if (!after.ok()) return after.status();
  if (*after == *this) return absl::OkStatus();
  SetAffinity(*before);
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": only \"", after->ToString(), "\" of them exist and are allowed"));
}

}  // namespace assay
