#include "proto/text/grpc_text.h"

#include <memory>
#include <string_view>

#include "google/protobuf/message.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/proto_buffer_writer.h"
#include "grpcpp/support/slice.h"
#include "proto/text/valid_text.h"

namespace assay {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;

grpc::Status SerializeValid(const MessageLite& message, grpc::ByteBuffer* bytes, bool* own_buffer) {
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, MessageLite>(message, bytes, own_buffer);
}

}  // namespace

grpc::Status SerializeForPeer(const MessageLite& message, grpc::ByteBuffer* bytes,
                              bool* own_buffer) {
  // Only messages of the lite runtime, which this project does not use, are not a Message.
  const auto* const whole = dynamic_cast<const Message*>(&message);
  if (whole == nullptr || HasValidText(*whole)) return SerializeValid(message, bytes, own_buffer);
  const std::unique_ptr<Message> valid(whole->New());
  valid->CopyFrom(*whole);
  MakeTextValid(valid.get());
  return SerializeValid(*valid, bytes, own_buffer);
}

grpc::Status ParseFromPeer(grpc::ByteBuffer* bytes, MessageLite* message) {
  if (bytes == nullptr) return {grpc::StatusCode::INTERNAL, "the message is missing"};
  auto* const whole = dynamic_cast<Message*>(message);
  if (whole == nullptr) {
    return grpc::GenericDeserialize<grpc::ProtoBufferReader, MessageLite>(bytes, message);
  }
  grpc::Slice slice;
  const grpc::Status gathered = bytes->DumpToSingleSlice(&slice);
  bytes->Clear();
  if (!gathered.ok()) return gathered;
  const std::string_view text(reinterpret_cast<const char*>(slice.begin()), slice.size());
  if (ParseMendingText(text, whole)) return grpc::Status::OK;
  return {grpc::StatusCode::INTERNAL, "the received message cannot be parsed"};
}

}  // namespace assay
