#ifndef ASSAY_PROTO_TEXT_GRPC_TEXT_H_
#define ASSAY_PROTO_TEXT_GRPC_TEXT_H_

#include "google/protobuf/message_lite.h"
#include "grpcpp/impl/codegen/serialization_traits.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/status.h"
#include "proto/agent.pb.h"

// Serializes every message between controller and agents, in both directions and on both sides: gRPC's serialization of
// the messages of proto/agent.proto. Makes all text valid UTF-8 when sending and receiving; invalid bytes become
// U+FFFD. Otherwise one such byte in a field would lose the whole message: the call would fail as if the peer had sent
// nothing.
//
// The generated proto/agent.grpc.pb.h includes this header (proto/BUILD), so that all code sees the same
// specializations. Add each message of a new call below; grpc_text_test compares the list with the service.

namespace assay {

grpc::Status SerializeForPeer(const google::protobuf::MessageLite& message, grpc::ByteBuffer* bytes,
                              bool* own_buffer);
grpc::Status ParseFromPeer(grpc::ByteBuffer* bytes, google::protobuf::MessageLite* message);

struct PeerText {
  static grpc::Status Serialize(const google::protobuf::MessageLite& message,
                                grpc::ByteBuffer* bytes, bool* own_buffer) {
    return SerializeForPeer(message, bytes, own_buffer);
  }
  static grpc::Status Deserialize(grpc::ByteBuffer* bytes, google::protobuf::MessageLite* message) {
    return ParseFromPeer(bytes, message);
  }
};

}  // namespace assay

// A client reads unary messages as MessageLite; streams and servers use the concrete type.
// clang-format off
#define ASSAY_PEER_MESSAGES(visit)        \
  visit(google::protobuf::MessageLite)    \
  visit(assay::DescribeRequest)           \
  visit(assay::AgentDescription)          \
  visit(assay::PingRequest)               \
  visit(assay::PingReply)                 \
  visit(assay::OpenRequest)               \
  visit(assay::OpenReply)                 \
  visit(assay::ControlCommand)            \
  visit(assay::ControlEvent)              \
  visit(assay::LeaseRenewal)              \
  visit(assay::LeaseGrant)                \
  visit(assay::DataRequest)               \
  visit(assay::DataRecord)                \
  visit(assay::CloseRequest)              \
  visit(assay::CloseReply)                \
  visit(assay::ConfirmDestinationRequest) \
  visit(assay::ConfirmDestinationReply)
// clang-format on

namespace grpc {

#define ASSAY_SPECIALIZE(type) \
  template <>                  \
  class SerializationTraits<type, void> : public assay::PeerText {};
ASSAY_PEER_MESSAGES(ASSAY_SPECIALIZE)
#undef ASSAY_SPECIALIZE

}  // namespace grpc

#endif  // ASSAY_PROTO_TEXT_GRPC_TEXT_H_
