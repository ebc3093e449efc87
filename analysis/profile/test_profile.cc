#include "analysis/profile/test_profile.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace assay {
namespace {

constexpr uint64_t kSampleNs = 1'000'000;

uint32_t FrameOf(absl::string_view name, StackProfile* profile) {
  struct Mark {
    absl::string_view text;
    FrameKind kind;
    const char* path;
  };
  constexpr Mark kMarks[] = {{"[k]", FrameKind::kKernel, "[kernel]"},
                             {"[c]", FrameKind::kLibc, "/lib/libc.so.6"},
                             {"[l]", FrameKind::kLibrary, "/lib/libz.so.1"},
                             {"[j]", FrameKind::kJit, "[jit]"},
                             {"[i]", FrameKind::kProgram, "/usr/bin/program"}};
  StackFrame frame{.kind = FrameKind::kProgram};
  std::string path = "/usr/bin/program";
  for (const Mark& mark : kMarks) {
    if (name.substr(0, mark.text.size()) != mark.text) continue;
    name.remove_prefix(mark.text.size());
    frame.kind = mark.kind;
    frame.inlined = mark.text == "[i]";
    path = mark.path;
    break;
  }
  frame.function = profile->InternString(name);
  frame.file = profile->InternString(absl::StrCat(name, ".cc"));
  frame.line = static_cast<uint32_t>(name.size());
  // The same in every profile.
  if (!frame.inlined) {
    for (const char c : name) frame.address = frame.address * 31 + static_cast<uint8_t>(c);
    frame.address &= 0xffffff;
  }
  const uint32_t build_id = profile->InternString("0123456789abcdef");
  frame.mapping =
      1 + profile->InternMapping({.file = profile->InternString(path), .build_id = build_id});
  return profile->InternFrame(frame);
}

}  // namespace

void AddFolded(std::string_view stack, uint64_t samples, StackProfile* profile, StackTime time) {
  uint32_t node = 0;
  for (const absl::string_view name :
       absl::StrSplit(absl::string_view(stack.data(), stack.size()), ';', absl::SkipEmpty())) {
    node = profile->InternNode(node, FrameOf(name, profile)) + 1;
  }
  int64_t at_ns = profile->samples().empty() ? 0 : profile->samples().back().at_ns;
  for (uint64_t i = 0; i < samples; ++i) {
    at_ns += kSampleNs;
    profile->AddSample(
        {.node = node - 1, .thread = 42, .time = time, .at_ns = at_ns, .weight_ns = kSampleNs});
  }
}

StackProfile ProfileOf(const std::vector<FoldedStack>& stacks) {
  StackProfile profile;
  for (const FoldedStack& one : stacks) AddFolded(one.stack, one.samples, &profile);
  return profile;
}

FunctionTree TreeOf(const std::vector<FoldedStack>& stacks) {
  FunctionTree tree;
  tree.Add(ProfileOf(stacks), StackTime::kOnCpu);
  return tree;
}

StackProfile RandomProfile(RandomStream* random, int stacks, int depth) {
  StackProfile profile;
  constexpr absl::string_view kMarks[] = {"", "", "[k]", "[c]", "[l]", "[i]"};
  std::string stack = "_start";
  for (int i = 0; i < stacks; ++i) {
    // A node near the last one, with which it shares most of its callers.
    std::vector<std::string> frames = absl::StrSplit(stack, ';');
    frames.resize(1 + random->Below(frames.size()));
    const uint64_t more = 1 + random->Below(depth);
    for (uint64_t d = 0; d < more && frames.size() < static_cast<size_t>(depth); ++d) {
      frames.push_back(
          absl::StrCat(kMarks[random->Below(std::size(kMarks))], "function_", random->Below(200)));
    }
    stack.clear();
    for (const std::string& frame : frames)
      absl::StrAppend(&stack, stack.empty() ? "" : ";", frame);
    AddFolded(stack, 1 + random->Below(1 + random->Below(20)), &profile,
              random->Below(10) == 0 ? StackTime::kOffCpu : StackTime::kOnCpu);
  }
  return profile;
}

}  // namespace assay
