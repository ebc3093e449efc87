#include "agent/profiler/profile_writer.h"

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "agent/profiler/profile_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/convert/profile_chunk.h"

namespace assay::profiler {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ProfileWriterTest : public ::testing::Test {
 protected:
  // A stack of functions with these names, outermost first.
  uint32_t Stack(const std::vector<std::string>& names,
                 ProfileStack::Kind kind = ProfileStack::ON_CPU) {
    uint32_t callers = 0;
    for (const std::string& name : names) {
      ProfileFrame frame;
      frame.set_function(writer_.String(name));
      callers = writer_.Stack(callers, writer_.Frame(frame),
                              &name == &names.back() ? kind : ProfileStack::ON_CPU) +
                1;
    }
    return callers - 1;
  }

  std::vector<ProfileChunk> chunks_;
  // Size of the largest chunk, deflated.
  size_t packed_bytes_ = 0;
  size_t all_bytes_ = 0;
  ProfileWriter writer_{[this](const ProfileChunk& chunk) {
                          packed_bytes_ = std::max(packed_bytes_, chunk.ByteSizeLong());
                          all_bytes_ += chunk.ByteSizeLong();
                          chunks_.push_back(Inflated(chunk).value());
                        },
                        /*start_ns=*/1000};
};

TEST_F(ProfileWriterTest, DefinesContentOnlyOnce) {
  const uint32_t a = Stack({"main", "a"});
  writer_.Add({.stack = a, .time_ns = 1100, .thread = 5, .weight_ns = 10});
  writer_.Flush();
  EXPECT_EQ(Stack({"main", "a"}), a);
  const uint32_t b = Stack({"main", "b"});
  writer_.Add({.stack = b, .time_ns = 1300, .thread = 5, .weight_ns = 10});
  writer_.Flush();
  ASSERT_THAT(chunks_, SizeIs(2));
  EXPECT_THAT(chunks_[0].strings(), ElementsAre("a", "main"));
  EXPECT_THAT(chunks_[0].stacks(), SizeIs(2));
  EXPECT_THAT(chunks_[1].strings(), ElementsAre("b"));
  EXPECT_THAT(chunks_[1].stacks(), SizeIs(1));
  EXPECT_EQ(chunks_[1].sequence(), 1u);
}

TEST_F(ProfileWriterTest, TimesAreRelativeToThePreviousSample) {
  const uint32_t a = Stack({"a"});
  for (const int64_t time : {101'000, 51'400, 400'900}) {
    writer_.Add({.stack = a, .time_ns = time});
  }
  writer_.Flush();
  EXPECT_THAT(chunks_[0].sample_time_delta_us(), ElementsAre(100, -50, 349))
      << "errors do not add up";
}

TEST_F(ProfileWriterTest, WritesACommonThreadAndWeightOnce) {
  const uint32_t a = Stack({"a"});
  writer_.Add({.stack = a, .time_ns = 1100, .thread = 5, .weight_ns = 10});
  writer_.Add({.stack = a, .time_ns = 1200, .thread = 5, .weight_ns = 10});
  writer_.Flush();
  EXPECT_THAT(chunks_[0].sample_thread(), IsEmpty());
  EXPECT_THAT(chunks_[0].sample_weight_ns(), IsEmpty());
  EXPECT_EQ(chunks_[0].thread(), 5u);
  EXPECT_EQ(chunks_[0].weight_ns(), 10u);
  writer_.Add({.stack = a, .time_ns = 1300, .thread = 5, .weight_ns = 10});
  writer_.Add({.stack = a, .time_ns = 1400, .thread = 6, .weight_ns = 20});
  writer_.Flush();
  EXPECT_THAT(chunks_[1].sample_thread(), ElementsAre(5, 6));
  EXPECT_THAT(chunks_[1].sample_weight_ns(), ElementsAre(10, 20));
}

TEST_F(ProfileWriterTest, OffCpuTimeIsAnotherStack) {
  EXPECT_NE(Stack({"main", "wait"}), Stack({"main", "wait"}, ProfileStack::OFF_CPU));
}

TEST_F(ProfileWriterTest, WritesNoChunkWithoutContent) {
  writer_.Flush();
  EXPECT_THAT(chunks_, IsEmpty());
}

// The bound of the wire and of the spool, with the longest possible names.
TEST_F(ProfileWriterTest, ChunksAreBoundedAndNothingIsLost) {
  std::mt19937 random(3);
  std::vector<std::string> expected;
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::string> names = {"main"};
    for (int depth = 0; depth < 8; ++depth) {
      names.push_back(std::string(1 + random() % 60, static_cast<char>('a' + random() % 26)));
    }
    expected.push_back(names.back());
    writer_.Add({.stack = Stack(names),
                 .time_ns = 1000 + i,
                 .thread = static_cast<uint32_t>(i % 3),
                 .weight_ns = random()});
  }
  writer_.Flush();
  EXPECT_GT(chunks_.size(), 3u);
  EXPECT_LE(packed_bytes_, ProfileWriter::kMaxChunkBytes / 2);
  ProfileFolder folder;
  for (const ProfileChunk& chunk : chunks_) {
    EXPECT_LE(chunk.ByteSizeLong(), ProfileWriter::kMaxChunkBytes);
    folder.Add(chunk);
  }
  ASSERT_THAT(folder.samples(), SizeIs(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(folder.samples()[i].functions.back(), expected[i]);
    EXPECT_THAT(folder.samples()[i].functions, SizeIs(9));
  }
}

// Simulates a hyper server: functions with long names, generic and inlined, each with its file, and stacks of 30 frames
// and more. A few of the stacks take most of the time.
class RustServer {
 public:
  explicit RustServer(ProfileWriter& writer) : writer_(writer) {
    std::vector<uint32_t> frames;
    for (uint32_t i = 0; i < kFunctions; ++i) frames.push_back(Frame(i));
    std::vector<uint32_t> nodes;
    for (size_t i = 0; i < kStacks; ++i) {
      uint32_t callers = nodes.empty() ? 0 : nodes[random_() % nodes.size()];
      // Above the executor and the connection's task, each function calls a few others.
      for (int depth = i == 0 ? 30 : 3; depth > 0; --depth) {
        callers =
            writer_.Stack(callers, frames[nodes.size() % kFunctions], ProfileStack::ON_CPU) + 1;
        nodes.push_back(callers);
      }
      stacks_.push_back(callers - 1);
    }
  }

  uint32_t NextStack() {
    const double place = static_cast<double>(random_()) / 4294967296.0;
    return stacks_[static_cast<size_t>(kStacks * place * place * place)];
  }
  uint32_t Jitter() { return static_cast<uint32_t>(random_() % 100'000); }

 private:
  static constexpr uint32_t kFunctions = 600;
  static constexpr size_t kStacks = 300;

  const char* Of(std::initializer_list<const char*> names) {
    return names.begin()[random_() % names.size()];
  }

  uint32_t Frame(uint32_t number) {
    const std::string crate =
        Of({"hyper", "tokio", "core", "alloc", "std", "http", "bytes", "mio"});
    const std::string module = Of({"proto::h1", "runtime::task", "io", "slice", "net", "sync"});
    const std::string file = Of({"conn", "dispatch", "harness", "raw", "index", "mod", "io"});
    const std::string type = Of({"Conn<I,B,T>", "Dispatcher<D,Bs,I,T>", "Vec<T,A>", "Option<T>",
                                 "Harness<T,S>", "HeaderMap<T>", "Buffered<T,B>", "BytesMut"});
    const std::string path = absl::StrCat(crate, "::", module, "::", file, "::");
    const std::string verb = Of({"poll", "write", "read", "encode", "parse", "insert", "drop"});
    const std::string noun = Of({"", "_inner", "_head", "_body", "_next", "_unchecked", "_buf"});
    std::string name = absl::StrCat(path, type, "::", verb, noun);
    if (number % 4 == 0) {
      name = absl::StrCat("<", path, type, " as core::future::future::Future>::", verb, noun);
    }
    if (number % 5 == 0) name += "::{{closure}}";
    ProfileFrame frame;
    frame.set_function(writer_.String(name));
    frame.set_file(writer_.String(
        absl::StrCat(crate == "core" || crate == "alloc" || crate == "std"
                         ? absl::StrCat("/usr/src/rustc-1.63.0/library/", crate)
                         : absl::StrCat("/usr/share/cargo/registry/", crate, "-1.24.2"),
                     "/src/", absl::StrReplaceAll(module, {{"::", "/"}}), "/", file, ".rs")));
    frame.set_line(1 + static_cast<uint32_t>(random_() % 1500));
    frame.set_mapping(
        writer_.Mapping("/opt/assay/hyper", "f9e4844356c2d850b6fbacff1e66cbcb77bfce47") + 1);
    frame.set_kind(ProfileFrame::PROGRAM);
    frame.set_inlined(number % 2 == 0);
    if (!frame.inlined()) frame.set_address(0x40000 + random_() % 0x80000);
    return writer_.Frame(frame);
  }

  ProfileWriter& writer_;
  std::mt19937 random_{7};
  std::vector<uint32_t> stacks_;
};

// Most bytes are names. docs/performance.md states the bound.
TEST_F(ProfileWriterTest, ARunOfARustServerIsOneChunkOfAtMostTwelveBytesASample) {
  constexpr int kSamples = 1800;
  RustServer server(writer_);
  int64_t time_ns = 1000;
  for (int i = 0; i < kSamples; ++i) {
    time_ns += 5'000'000 + server.Jitter();
    // Some off-CPU samples, each with its own weight, follow the others.
    const bool off_cpu = i > kSamples * 11 / 12;
    writer_.Add({.stack = server.NextStack(),
                 .time_ns = time_ns,
                 .thread = 4711,
                 .weight_ns = off_cpu ? uint64_t{1'000'000} + server.Jitter() : 5'025'125});
  }
  writer_.Flush();
  EXPECT_EQ(chunks_.size(), 1u);
  EXPECT_LT(static_cast<double>(all_bytes_) / kSamples, 12.0);
}

TEST_F(ProfileWriterTest, FoldedStacksAddUp) {
  writer_.Add({.stack = Stack({"main", "a"}), .time_ns = 1100, .weight_ns = 5000});
  writer_.Add({.stack = Stack({"main", "a"}), .time_ns = 1200, .weight_ns = 7000});
  writer_.Add(
      {.stack = Stack({"main", "w"}, ProfileStack::OFF_CPU), .time_ns = 1300, .weight_ns = 9000});
  writer_.Flush();
  ProfileFolder folder;
  folder.Add(chunks_.at(0));
  EXPECT_EQ(folder.Folded(), "main;a 12\nmain;w;[off-cpu] 9\n");
}

}  // namespace
}  // namespace assay::profiler
