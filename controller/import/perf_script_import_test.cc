#include "controller/import/perf_script_import.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay::controller {
namespace {

// 1,000 correct responses per second.
ExecutionRecord Measured() {
  ExecutionRecord execution;
  LoadFinished& load = *execution.add_loads()->mutable_finished();
  load.set_duration_ns(4'000'000'000);
  load.set_ok_in_window(4'000);
  return execution;
}

// Samples of 1 ms each, 10 ms apart: 60 and 30 whole stacks, and 10 without their callers.
std::string Text() {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppendFormat(
        &text, "server 7/7 [000] 5.%03d000: 1000000 cpu-clock:\n\t 10 work+0x1 (/bin/server)\n",
        10 * i);
    if (i < 90)
      absl::StrAppend(&text, "\t 20 ", i < 60 ? "_start" : "clone3", "+0x2 (/bin/server)\n");
    absl::StrAppend(&text, "\n");
  }
  return text;
}

TEST(PerfScriptImportTest, StacksBecomeTheProfileOfARun) {
  const absl::StatusOr<ImportedProfile> imported =
      ImportPerfScript(Text(), "stacks.txt", 0, Measured());
  ASSERT_TRUE(imported.ok()) << imported.status();
  const ProfileInfo& info = imported->info;
  EXPECT_EQ(info.event(), "cpu-clock");
  EXPECT_EQ(info.samples(), 100);
  EXPECT_EQ(info.whole(), 90);
  EXPECT_EQ(info.frequency_hz(), 1000);
  // From the first sample to the last.
  EXPECT_EQ(info.end_ns(), 990'000'000);
  EXPECT_EQ(info.requests(), 990);
  EXPECT_TRUE(absl::StrContains(info.notes(0), "imported from stacks.txt"));
  const StackProfile stacks = FromProto(imported->chunks).value();
  EXPECT_EQ(stacks.total(StackTime::kOnCpu).ns, 100'000'000);
}

// A single chunk of 2,000 samples can exceed the limit on its inflated size.
TEST(PerfScriptImportTest, ImportOfAnySizeReadsBack) {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    absl::StrAppendFormat(&text, "server 7/7 5.%06d: 1000000 cpu-clock:\n\t 10 %s%d (/bin/x)\n\n",
                          i, std::string(6000, static_cast<char>('a' + i % 26)), i);
  }
  const absl::StatusOr<ImportedProfile> imported = ImportPerfScript(text, "large", 0, Measured());
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_GT(imported->chunks.size(), 10u);
  const absl::StatusOr<StackProfile> stacks = FromProto(imported->chunks);
  ASSERT_TRUE(stacks.ok()) << stacks.status();
  EXPECT_EQ(stacks->total(StackTime::kOnCpu).samples, 2000u);
  EXPECT_EQ(stacks->nodes().size(), 2000u);
}

TEST(PerfScriptImportTest, NotesMissingData) {
  const std::string flat =
      "   dd 7 5.1: 100 cycles:u:  10 f+0x1 (/bin/x)\n"
      "   dd 7 5.2: 100 cycles:u:  10 f+0x1 (/bin/x)\n"
      "   dd 7 5.2: 1 cpu_atom/cycles/:  10 f+0x1 (/bin/x)\n";
  const ImportedProfile imported = ImportPerfScript(flat, "x", 100, Measured()).value();
  EXPECT_EQ(imported.info.samples(), 2u);
  EXPECT_EQ(imported.info.whole(), 0u);
  EXPECT_FALSE(imported.info.kernel_frames());
  ASSERT_EQ(imported.info.notes_size(), 3);
  EXPECT_TRUE(absl::StrContains(imported.info.notes(1), "1 sample of events other than cycles:u"));
  EXPECT_TRUE(absl::StrContains(imported.info.notes(1), "--event=NAME"));
  EXPECT_TRUE(absl::StrContains(imported.info.notes(2), "without stacks"));
  EXPECT_EQ(ImportPerfScript(flat, "x", 100, Measured(), "cpu_atom/cycles/")->info.samples(), 1u);
}

TEST(PerfScriptImportTest, RejectsATextThatIsNotAProfile) {
  const absl::Status empty = ImportPerfScript("", "x", 0, Measured()).status();
  EXPECT_EQ(empty.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(empty.message(), "x has no sample")) << empty;
  const absl::Status other = ImportPerfScript("<html>\n", "x", 0, Measured()).status();
  EXPECT_EQ(other.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(other.message(), "x: line 1")) << other;
}

}  // namespace
}  // namespace assay::controller
