#include "analysis/hdr_log.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "analysis/latency_histogram.h"
#include "analysis/random_stream.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

constexpr char kJar[] = "/usr/share/java/hdrhistogram.jar";
constexpr char kJava[] = "/usr/bin/java";

LatencyHistogram RandomHistogram(RandomStream* random, int samples) {
  LatencyHistogram histogram;
  for (int i = 0; i < samples; ++i) {
    histogram.Record(static_cast<int64_t>(random->Next() >> (28 + random->Below(36))));
  }
  return histogram;
}

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  while (const size_t length = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, length);
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << output;
  return output;
}

std::string Buckets(const LatencyHistogram& histogram) {
  std::string text;
  histogram.ForEachBucket([&](uint32_t index, uint64_t count) {
    absl::StrAppend(&text, LatencyHistogram::BucketLow(index), " ",
                    LatencyHistogram::BucketHigh(index), " ", count, "\n");
  });
  return text;
}

// The purpose of the format: the library that defines it reads every bucket unchanged.
TEST(HdrLogTest, HdrHistogramItselfReadsBackEveryBucket) {
  if (!std::filesystem::exists(kJar) || !std::filesystem::exists(kJava)) {
    GTEST_SKIP() << "needs " << kJar << " and " << kJava
                 << ": apt-get install libhdrhistogram-java default-jdk-headless";
  }
  RandomStream random(1);
  const LatencyHistogram first = RandomHistogram(&random, 5000);
  const LatencyHistogram second = RandomHistogram(&random, 300);
  LatencyHistogram extremes;
  extremes.Record(int64_t{0});
  extremes.Record(LatencyHistogram::kMaxNanos);
  for (int i = 0; i < 100'000; ++i) extremes.Record(int64_t{123'456});
  const LatencyHistogram empty;
  const std::vector<HdrLogInterval> intervals = {
      {"", absl::ZeroDuration(), absl::Seconds(1), &first},
      {"", absl::Seconds(1), absl::Milliseconds(1500), &second},
      {"extremes", absl::Seconds(2), absl::Seconds(1), &extremes},
      {"empty", absl::Seconds(3), absl::Seconds(1), &empty}};
  const absl::StatusOr<std::string> log = HdrLog(absl::FromUnixSeconds(1'700'000'000), intervals);
  ASSERT_TRUE(log.ok()) << log.status();

  const std::string path = absl::StrCat(testing::TempDir(), "/assay.hlog");
  std::ofstream(path) << *log;
  const std::string reader = AssayFile("analysis/hdr_log_reader.java").value();
  const std::string read = OutputOf(absl::StrCat(kJava, " -cp ", kJar, " ", reader, " ", path));
  EXPECT_EQ(read,
            absl::StrCat("histogram - 1700000000000 1700000001000 5000\n", Buckets(first),
                         "histogram - 1700000001000 1700000002500 300\n", Buckets(second),
                         "histogram extremes 1700000002000 1700000003000 100002\n",
                         Buckets(extremes), "histogram empty 1700000003000 1700000004000 0\n"));
}

// Tools recognise an encoded histogram by these characters.
TEST(HdrLogTest, EncodedHistogramBeginsAsToolsExpect) {
  LatencyHistogram histogram;
  histogram.Record(int64_t{1'000'000});
  const std::string encoded = EncodeHdrHistogram(histogram).value();
  EXPECT_EQ(encoded.substr(0, 9), "HISTFAAAA");
  EXPECT_EQ(encoded.size() % 4, 0);
}

TEST(HdrLogTest, LogHasItsVersionStartAndIntervals) {
  LatencyHistogram histogram;
  histogram.Record(absl::Milliseconds(2));
  histogram.Record(absl::Minutes(2));
  const std::string log =
      HdrLog(absl::FromUnixMillis(1'441'812'279'474),
             {{"json", absl::Milliseconds(127), absl::Milliseconds(1007), &histogram}})
          .value();
  EXPECT_NE(log.find("#[Histogram log format version 1.3]\n"), std::string::npos);
  EXPECT_NE(log.find("#[StartTime: 1441812279.474 (seconds since epoch), "
                     "Wed Sep 09 15:24:39 UTC 2015]\n"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("#[samples over 68719476735 ns that are left out of the next line: 1]\n"
                     "Tag=json,0.127,1.007,120000.000,HISTFAAAA"),
            std::string::npos)
      << log;
}

TEST(HdrLogTest, RejectsATagThatWouldBreakTheLine) {
  const LatencyHistogram histogram;
  for (const char* tag : {"a,b", "a b", "a\nb"}) {
    EXPECT_EQ(HdrLog(absl::UnixEpoch(), {{tag, {}, {}, &histogram}}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace assay
