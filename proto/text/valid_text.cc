#include "proto/text/valid_text.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "common/utf8.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/wire_format_lite.h"

namespace assay {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// Protobuf's own limit, deeper than any message of this project.
constexpr int kDeepest = 100;

void MakeFieldValid(Message* message, const Reflection& reflection, const FieldDescriptor* field) {
  std::string scratch;
  if (!field->is_repeated()) {
    const std::string& text = reflection.GetStringReference(*message, field, &scratch);
    if (!IsUtf8(text)) reflection.SetString(message, field, ToValidUtf8(text));
    return;
  }
  for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
    const std::string& text = reflection.GetRepeatedStringReference(*message, field, i, &scratch);
    if (!IsUtf8(text)) reflection.SetRepeatedString(message, field, i, ToValidUtf8(text));
  }
}

bool HasValidField(const Message& message, const Reflection& reflection,
                   const FieldDescriptor* field) {
  std::string scratch;
  if (!field->is_repeated()) return IsUtf8(reflection.GetStringReference(message, field, &scratch));
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    if (!IsUtf8(reflection.GetRepeatedStringReference(message, field, i, &scratch))) return false;
  }
  return true;
}

bool MendFields(const Descriptor& type, CodedInputStream* in, CodedOutputStream* out, int depth);

// Copies the length and bytes after a tag. Makes text valid, also in a nested message.
bool MendDelimited(const FieldDescriptor* field, CodedInputStream* in, CodedOutputStream* out,
                   int depth) {
  uint32_t size = 0;
  std::string bytes;
  if (!in->ReadVarint32(&size) || size > std::numeric_limits<int>::max()) return false;
  if (!in->ReadString(&bytes, static_cast<int>(size))) return false;
  if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING) {
    if (!IsUtf8(bytes)) bytes = ToValidUtf8(bytes);
  } else if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
    if (depth == kDeepest) return false;
    CodedInputStream part(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(size));
    std::string mended;
    {
      google::protobuf::io::StringOutputStream stream(&mended);
      CodedOutputStream coded(&stream);
      if (!MendFields(*field->message_type(), &part, &coded, depth + 1)) return false;
    }
    bytes = std::move(mended);
  }
  out->WriteVarint32(static_cast<uint32_t>(bytes.size()));
  out->WriteString(bytes);
  return true;
}

// Copies the fields of a serialized `type`. Returns false for invalid bytes. Groups are not used since proto2.
bool MendFields(const Descriptor& type, CodedInputStream* in, CodedOutputStream* out, int depth) {
  while (const uint32_t tag = in->ReadTag()) {
    out->WriteTag(tag);
    uint64_t number = 0;
    uint32_t half = 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        if (!in->ReadVarint64(&number)) return false;
        out->WriteVarint64(number);
        break;
      case WireFormatLite::WIRETYPE_FIXED64:
        if (!in->ReadLittleEndian64(&number)) return false;
        out->WriteLittleEndian64(number);
        break;
      case WireFormatLite::WIRETYPE_FIXED32:
        if (!in->ReadLittleEndian32(&half)) return false;
        out->WriteLittleEndian32(half);
        break;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        const FieldDescriptor* const field =
            type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
        if (!MendDelimited(field, in, out, depth)) return false;
        break;
      }
      default:
        return false;
    }
  }
  return in->ConsumedEntireMessage();
}

bool ParseQuietly(std::string_view bytes, Message* message) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  // A peer's invalid text must not fill our log.
  const google::protobuf::LogSilencer silencer;
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

void MakeTextValid(Message* message) {
  const Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      MakeFieldValid(message, reflection, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        MakeTextValid(reflection.MutableMessage(message, field));
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
        MakeTextValid(reflection.MutableRepeatedMessage(message, field, i));
      }
    }
  }
}

bool HasValidText(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (!HasValidField(message, reflection, field)) return false;
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        if (!HasValidText(reflection.GetMessage(message, field))) return false;
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        if (!HasValidText(reflection.GetRepeatedMessage(message, field, i))) return false;
      }
    }
  }
  return true;
}

std::string SerializeValidText(const Message& message) {
  if (HasValidText(message)) return message.SerializeAsString();
  const std::unique_ptr<Message> valid(message.New());
  valid->CopyFrom(message);
  MakeTextValid(valid.get());
  return valid->SerializeAsString();
}

bool ParseMendingText(std::string_view bytes, Message* message) {
  if (ParseQuietly(bytes, message)) return true;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return false;
  std::string mended;
  {
    CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                        static_cast<int>(bytes.size()));
    google::protobuf::io::StringOutputStream stream(&mended);
    CodedOutputStream out(&stream);
    if (!MendFields(*message->GetDescriptor(), &in, &out, 0)) return false;
  }
  return ParseQuietly(mended, message);
}

}  // namespace assay
