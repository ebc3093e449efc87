#include "proto/text/text_proto.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"

namespace assay {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

constexpr size_t kMaxMistakes = 10;

std::string Position(std::string_view file_name, int line, int column) {
  // Protobuf counts from 0, editors from 1; a line below 0 is "the whole text".
  if (line < 0) return std::string(file_name);
  return absl::StrCat(std::string(file_name), ":", line + 1, ":", column + 1);
}

class Mistakes : public google::protobuf::io::ErrorCollector {
 public:
  explicit Mistakes(std::string_view file_name) : file_name_(file_name) {}

  void AddError(int line, int column, const std::string& message) override {
    if (lines_.size() < kMaxMistakes) {
      lines_.push_back(absl::StrCat(Position(file_name_, line, column), ": ", message));
    }
  }

  std::string Text() const { return absl::StrJoin(lines_, "\n"); }

 private:
  const std::string file_name_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string TextLocations::Of(const google::protobuf::Message& message,
                              std::initializer_list<Step> path) const {
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
  Mistakes mistakes(file_name);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&mistakes);
  if (locations != nullptr) {
    locations->file_name_ = std::string(file_name);
    parser.WriteLocationsTo(&locations->tree_);
  }
  if (parser.ParseFromString(std::string(text), message)) return absl::OkStatus();
  return absl::InvalidArgumentError(mistakes.Text());
}

}  // namespace assay
