#include "proto/text/text_proto.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/message_text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "proto/text/field_hints.h"

namespace assay {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr size_t kMaxMistakes = 10;
// Deeper than any valid file, and shallow enough for any stack.
constexpr int kMaxDepth = 64;

std::string Position(std::string_view file_name, int line, int column) {
  // Protobuf counts from 0, editors from 1; a line below 0 means "the whole text".
  if (line < 0) return std::string(file_name);
  return absl::StrCat(std::string(file_name), ":", line + 1, ":", column + 1);
}

// A location in a text as protobuf's tokenizer counts: from 0; a tab advances to the next multiple of 8.
struct Place {
  int line = 0;
  int column = 0;
};

Place After(Place place, char c) {
  if (c == '\n') return {place.line + 1, 0};
  return {place.line, c == '\t' ? place.column + 8 - place.column % 8 : place.column + 1};
}

// The offset of a location; the end of the text if the location lies beyond it.
size_t OffsetOf(std::string_view text, Place wanted) {
  Place place;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool reached =
        place.line > wanted.line || (place.line == wanted.line && place.column >= wanted.column);
    if (reached) return i;
    place = After(place, text[i]);
  }
  return text.size();
}

Place PlaceOf(std::string_view text, size_t offset) {
  Place place;
  for (size_t i = 0; i < offset; ++i) place = After(place, text[i]);
  return place;
}

// The name or value that an error is about if the parser has already read past it; empty if the error is about the next
// token.
std::string_view ReadWord(std::string_view complaint) {
  for (const std::string_view before :
       {"has no field named \"", "Unknown enumeration value of \""}) {
    const size_t start = complaint.find(before);
    if (start == std::string_view::npos) continue;
    const std::string_view rest = complaint.substr(start + before.size());
    return rest.substr(0, rest.find('"'));
  }
  return "";
}

class Mistakes : public google::protobuf::io::ErrorCollector {
 public:
  Mistakes(std::string_view text, std::string_view file_name, const Descriptor& root)
      : text_(text), file_name_(file_name), root_(root) {}

  void AddError(int line, int column, const std::string& message) override {
    if (lines_.size() >= kMaxMistakes) return;
    Place place{line, column};
    size_t offset = OffsetOf(text_, place);
    const std::string_view word = ReadWord(message);
    const size_t start =
        word.empty() || offset == 0 ? std::string_view::npos : text_.rfind(word, offset - 1);
    if (start != std::string_view::npos) place = PlaceOf(text_, offset = start);
    const size_t newline = text_.substr(0, offset).rfind('\n');
    const size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view before = text_.substr(line_start, offset - line_start);
    lines_.push_back(absl::StrCat(Position(file_name_, line < 0 ? line : place.line, place.column),
                                  ": ", ExplainComplaint(root_, message, before)));
  }
  // For an unknown field the parser warns and continues, so that one pass finds several errors.
  void AddWarning(int line, int column, const std::string& message) override {
    AddError(line, column, message);
  }

  bool any() const { return !lines_.empty(); }
  absl::Status status() const { return StatusOfLines(absl::StatusCode::kInvalidArgument, lines_); }

 private:
  const std::string_view text_;
  const std::string file_name_;
  const Descriptor& root_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string TextLocations::Of(const google::protobuf::Message& message,
                              std::initializer_list<Step> path) const {
  return OfSteps(message, absl::MakeConstSpan(path.begin(), path.size()));
}

std::string TextLocations::OfSteps(const google::protobuf::Message& message,
                                   absl::Span<const Step> path) const {
  const TextFormat::ParseInfoTree* tree = &tree_;
  const Descriptor* type = message.GetDescriptor();
  TextFormat::ParseLocation found;
  for (const Step& step : path) {
    if (tree == nullptr || type == nullptr) break;
    const FieldDescriptor* field = type->FindFieldByName(std::string(step.field));
    if (field == nullptr) break;
    const int index = field->is_repeated() ? step.index : -1;
    const TextFormat::ParseLocation here = tree->GetLocation(field, index);
    if (here.line < 0) break;
    found = here;
    type = field->message_type();
    tree = type == nullptr ? nullptr : tree->GetTreeForNested(field, index);
  }
  return Position(file_name_, found.line, found.column);
}

absl::Status ParseTextProto(std::string_view text, std::string_view file_name,
                            google::protobuf::Message* message, TextLocations* locations) {
  // Some editors put a byte order mark at the beginning of a file.
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Mistakes mistakes(text, file_name, *message->GetDescriptor());
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&mistakes);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMaxDepth);
  if (locations != nullptr) {
    locations->file_name_ = std::string(file_name);
    parser.WriteLocationsTo(&locations->tree_);
  }
  const bool parsed = parser.ParseFromString(std::string(text), message);
  if (parsed && !mistakes.any()) return absl::OkStatus();
  if (mistakes.any()) return mistakes.status();
  return absl::InvalidArgumentError(absl::StrCat(std::string(file_name), ": cannot be parsed"));
}

}  // namespace assay
