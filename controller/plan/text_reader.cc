#include "controller/plan/text_reader.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "proto/text/text_proto.h"

namespace assay::controller {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Walks a parsed message and records the position of each of its fields.
class OriginWalk {
 public:
  OriginWalk(const Message& root, const TextLocations& locations,
             std::map<std::string, std::string>* origins)
      : root_(root), locations_(locations), origins_(*origins) {}

  void Fields(const Message& message, const std::string& path) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      const std::string name =
          path.empty() ? field->name() : absl::StrCat(path, ".", field->name());
      if (!field->is_repeated()) {
        Value(message, field, 0, name);
        continue;
      }
      // The position of a list is that of its first element.
      const int size = message.GetReflection()->FieldSize(message, field);
      for (int i = 0; i < size; ++i) Value(message, field, i, absl::StrCat(name, "[", i, "]"));
      origins_[name] = origins_[absl::StrCat(name, "[0]")];
    }
  }

 private:
  void Value(const Message& message, const FieldDescriptor* field, int index,
             const std::string& path) {
    steps_.push_back({field->name(), index});
    origins_[path] = locations_.OfSteps(root_, steps_);
    if (field->message_type() != nullptr && !field->is_map()) {
      const Reflection* reflection = message.GetReflection();
      Fields(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, index)
                                  : reflection->GetMessage(message, field),
             path);
    }
    steps_.pop_back();
  }

  const Message& root_;
  const TextLocations& locations_;
  std::map<std::string, std::string>& origins_;
  std::vector<TextLocations::Step> steps_;
};

}  // namespace

absl::Status ReadText(std::string_view text, std::string_view file_name, Message* message,
                      std::map<std::string, std::string>* origins) {
  TextLocations locations;
  ASSAY_RETURN_IF_ERROR(ParseTextProto(text, file_name, message, &locations));
  OriginWalk(*message, locations, origins).Fields(*message, "");
  return absl::OkStatus();
}

}  // namespace assay::controller
