// Raw bytes in every text field of what agents send and of what is stored: it parses back, always.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "proto/agent.pb.h"
#include "proto/results.pb.h"
#include "proto/text/valid_text.h"

namespace assay {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Messages that hold themselves end here.
constexpr int kDeepest = 6;

// Sets every string field, once, or twice where it is repeated. Of a oneof the last field stays.
void Fill(Message* message, const std::string& text, int depth) {
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (!field->is_repeated()) {
        reflection.SetString(message, field, text);
      } else {
        reflection.AddString(message, field, "valid");
        reflection.AddString(message, field, text);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth < kDeepest) {
      Fill(field->is_repeated() ? reflection.AddMessage(message, field)
                                : reflection.MutableMessage(message, field),
           text, depth + 1);
    }
  }
}

template <typename Type>
void CheckParsesBack(const std::string& text) {
  Type message;
  Fill(&message, text, 0);
  MakeTextValid(&message);
  const std::string bytes = message.SerializeAsString();
  Type again;
  if (!again.ParseFromString(bytes)) std::abort();
  // Valid text stays as it is.
  MakeTextValid(&again);
  if (again.ByteSizeLong() != bytes.size()) std::abort();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {"caf\xe9", "plain", "\xff", "\xe2\x82", "\xed\xa0\x80", "\x1b[2J", std::string(1, '\0'),
          ""};
}

}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  assay::CheckParsesBack<assay::CampaignRecord>(text);
  assay::CheckParsesBack<assay::ExecutionRecord>(text);
  assay::CheckParsesBack<assay::AgentDescription>(text);
  assay::CheckParsesBack<assay::ControlEvent>(text);
  assay::CheckParsesBack<assay::Failure>(text);
  return 0;
}
