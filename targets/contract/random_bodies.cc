#include "targets/contract/random_bodies.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

namespace assay::targets {
namespace {

// Pieces of a JSON string, raw and escaped: every form that parsers handle separately.
constexpr std::string_view kNamePieces[] = {
    "a",
    "Z",
    " ",
    "/",
    "\\/",
    "\\\"",
    "\\\\",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0001",
    "\\u001f",
    "\\u001F",
    "\x7f",
    "\\u0041",
    "é",
    "\\u00e9",
    "\\u00E9",
    "漢",
    "\\u6f22",
    "😀",
    "\\ud83d\\ude00",
    "\xef\xbf\xbf",
    "\\u2028",
    "\xe2\x80\xa8",
};

constexpr std::string_view kWords[] = {"load",   "latency", "quantile", "server",
                                       "median", " ",       "\n"};

}  // namespace

int64_t RandomBodies::Number(int64_t least, int64_t largest) {
  return std::uniform_int_distribution<int64_t>(least, largest)(random_);
}

std::string RandomBodies::Bytes(size_t size) {
  std::string bytes;
  bytes.reserve(size + sizeof(uint64_t));
  while (bytes.size() < size) {
    const uint64_t value = random_();
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  bytes.resize(size);
  return bytes;
}

std::string RandomBodies::Words(size_t size) {
  std::string text;
  while (text.size() < size) text.append(kWords[Number(0, std::size(kWords) - 1)]);
  text.resize(size);
  return text;
}

std::string RandomBodies::Blank() {
  constexpr std::string_view kBlanks[] = {"", "", "", "", " ", "\n", "\t", "\r\n  "};
  return std::string(kBlanks[Number(0, std::size(kBlanks) - 1)]);
}

std::string RandomBodies::Name() {
  std::string name;
  for (int64_t left = Number(0, 12); left > 0; --left) {
    name.append(kNamePieces[Number(0, std::size(kNamePieces) - 1)]);
  }
  return name;
}

std::string RandomBodies::Item(bool large) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  const int64_t bound = large ? int64_t{1} << 40 : int64_t{1} << 20;
  std::vector<std::string> members = {
      absl::StrCat("\"id\":", Blank(), Number(kLeast, kLargest)),
      absl::StrCat("\"name\":", Blank(), "\"", Name(), "\""),
      absl::StrCat("\"price\":", Blank(), Number(-bound, bound)),
      absl::StrCat("\"qty\":", Blank(), Number(-bound, bound)),
  };
  if (Number(0, 3) == 0) members.push_back("\"more\":[1.5e3,{\"id\":\"no\"},null,true]");
  std::shuffle(members.begin(), members.end(), random_);
  // The last member of the same name counts.
  if (Number(0, 3) == 0) members.insert(members.begin(), "\"qty\":\"none\"");
  std::string item = "{";
  for (const std::string& member : members) {
    absl::StrAppend(&item, item.size() == 1 ? "" : ",", Blank(), member, Blank());
  }
  return item + "}";
}

std::string RandomBodies::Order(int items) {
  const bool large = Number(0, 7) == 0;
  std::string order = absl::StrCat(Blank(), "{", Blank(), "\"items\"", Blank(), ":", Blank(), "[");
  for (int i = 0; i < items; ++i) {
    absl::StrAppend(&order, i == 0 ? "" : ",", Blank(), Item(large && i == items / 2), Blank());
  }
  return absl::StrCat(order, "]", Blank(), ",\"comment\":\"items\"}", Blank());
}

}  // namespace assay::targets
