// Raw bytes in every text field of messages from agents and from the store: the result always parses.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/fuzz_driver.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "proto/agent.pb.h"
#include "proto/results.pb.h"
#include "proto/text/valid_text.h"

namespace assay {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The depth at which recursive messages end.
constexpr int kDeepest = 6;

// Sets every string field once, or twice if it is repeated. Of a oneof the last field stays.
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

// The bytes from a peer that does not clean its text, or from an earlier version of the store.
template <typename Type>
void CheckIsMended(const Type& raw, const Type& valid) {
  std::string bytes;
  {
    const google::protobuf::LogSilencer silencer;
    bytes = raw.SerializeAsString();
  }
  Type mended;
  if (!ParseMendingText(bytes, &mended)) std::abort();
  if (!HasValidText(mended) || mended.ByteSizeLong() != valid.ByteSizeLong()) std::abort();
  if (SerializeValidText(raw).size() != valid.ByteSizeLong()) std::abort();
}

template <typename Type>
void CheckParsesBack(const std::string& text) {
  Type message;
  Fill(&message, text, 0);
  const Type raw = message;
  MakeTextValid(&message);
  if (!HasValidText(message)) std::abort();
  CheckIsMended(raw, message);
  const std::string bytes = message.SerializeAsString();
  Type again;
  if (!again.ParseFromString(bytes)) std::abort();
  // Valid text must not change.
  MakeTextValid(&again);
  if (again.ByteSizeLong() != bytes.size()) std::abort();
}

// Bytes that may not be a message: refused, or read with valid text.
template <typename Type>
void CheckNoise(const std::string& bytes) {
  Type message;
  if (ParseMendingText(bytes, &message) && !HasValidText(message)) std::abort();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {
      "\x0a\x04\x63\x61\x66\xe9", "caf\xe9", "plain", "\xff", "\xe2\x82", "\xed\xa0\x80", "\x1b[2J",
      std::string(1, '\0'),       ""};
}

}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  assay::CheckNoise<assay::ExecutionRecord>(text);
  assay::CheckNoise<assay::AgentDescription>(text);
  assay::CheckParsesBack<assay::CampaignRecord>(text);
  assay::CheckParsesBack<assay::ExecutionRecord>(text);
  assay::CheckParsesBack<assay::AgentDescription>(text);
  assay::CheckParsesBack<assay::ControlEvent>(text);
  assay::CheckParsesBack<assay::DataRecord>(text);
  assay::CheckParsesBack<assay::OpenRequest>(text);
  return 0;
}
