#include "analysis/fuzz_driver.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

void RunOn(const std::string& input) {
  // A copy of exactly this size, so that a sanitizer detects reads past its end.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  ASSERT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
}

void MutateOnce(RandomStream* random, const std::string& other, std::string* input) {
  constexpr std::array<char, 6> kExtremes = {0, 1, 127, -128, -1, 64};
  if (input->empty()) {
    input->push_back(static_cast<char>(random->Next()));
    return;
  }
  const size_t at = random->Below(input->size());
  const size_t length = random->Below(std::min<size_t>(input->size() - at, 32)) + 1;
  switch (random->Below(6)) {
    case 0:
      (*input)[at] = static_cast<char>((*input)[at] ^ (1 << random->Below(8)));
      break;
    case 1:
      (*input)[at] = kExtremes[random->Below(kExtremes.size())];
      break;
    case 2:
      input->erase(at, length);
      break;
    case 3:
      input->insert(at, input->substr(at, length));
      break;
    case 4:
      input->resize(at);
      break;
    default:
      if (!other.empty()) input->replace(at, length, other, random->Below(other.size()), length);
      break;
  }
}

// The number of broken inputs to try: 8,000, or the number that fuzz_target() sets.
int Rounds() {
  const char* const rounds = std::getenv("ASSAY_FUZZ_ROUNDS");
  return rounds == nullptr ? 8'000 : std::atoi(rounds);
}

TEST(FuzzTest, HandlesSeeds) {
  ASSERT_FALSE(FuzzSeeds().empty());
  for (const std::string& seed : FuzzSeeds()) RunOn(seed);
}

TEST(FuzzTest, HandlesBrokenSeeds) {
  RandomStream random(1);
  const std::vector<std::string> seeds = FuzzSeeds();
  const int rounds = Rounds();
  ASSERT_GT(rounds, 0);
  for (int round = 0; round < rounds; ++round) {
    std::string input = seeds[random.Below(seeds.size())];
    const uint64_t mutations = 1 + random.Below(4);
    for (uint64_t i = 0; i < mutations; ++i) {
      MutateOnce(&random, seeds[random.Below(seeds.size())], &input);
    }
    RunOn(input);
  }
}

TEST(FuzzTest, HandlesNoise) {
  RandomStream random(2);
  const int rounds = Rounds() / 4;
  for (int round = 0; round < rounds; ++round) {
    std::string input(random.Below(200), '\0');
    for (char& byte : input) byte = static_cast<char>(random.Next());
    RunOn(input);
  }
}

}  // namespace
}  // namespace assay
