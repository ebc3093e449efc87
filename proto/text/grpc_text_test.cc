// Text that is not UTF-8 between controller and agents: an invalid byte must not lose the message.

#include "proto/text/grpc_text.h"

#include <set>
#include <string>
#include <type_traits>

#include "gtest/gtest.h"
#include "proto/agent.grpc.pb.h"
#include "proto/agent.pb.h"

namespace assay {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";

#define ASSAY_EXPECT_OURS(type) \
  static_assert(std::is_base_of_v<PeerText, grpc::SerializationTraits<type>>, #type);
ASSAY_PEER_MESSAGES(ASSAY_EXPECT_OURS)
#undef ASSAY_EXPECT_OURS

// Serializes a message as a peer does that does not clean its text.
grpc::ByteBuffer Raw(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// A call that is added to the service must not bypass the cleaning of text.
TEST(GrpcTextTest, EveryMessageOfTheServiceIsCleaned) {
  std::set<std::string> listed;
#define ASSAY_NAME(type) listed.insert(#type);
  ASSAY_PEER_MESSAGES(ASSAY_NAME)
#undef ASSAY_NAME
  const google::protobuf::ServiceDescriptor* const service =
      AgentDescription::descriptor()->file()->FindServiceByName("Agent");
  ASSERT_NE(service, nullptr);
  for (int i = 0; i < service->method_count(); ++i) {
    EXPECT_TRUE(listed.contains("assay::" + service->method(i)->input_type()->name()));
    EXPECT_TRUE(listed.contains("assay::" + service->method(i)->output_type()->name()));
  }
}

TEST(GrpcTextTest, MakesReceivedTextValid) {
  AgentDescription sent;
  sent.set_host("caf\xe9");
  (*sent.mutable_environment())["\xff"] = "cut \xe2\x82";
  sent.add_targets()->set_version("1.2\xc3");
  sent.set_cpu_count(2);
  grpc::ByteBuffer bytes = Raw(sent.SerializeAsString());
  AgentDescription read;
  ASSERT_TRUE(grpc::SerializationTraits<AgentDescription>::Deserialize(&bytes, &read).ok());
  EXPECT_EQ(read.host(), std::string("caf") + kReplacement);
  EXPECT_EQ(read.environment().at(kReplacement), std::string("cut ") + kReplacement + kReplacement);
  EXPECT_EQ(read.targets(0).version(), std::string("1.2") + kReplacement);
  EXPECT_EQ(read.cpu_count(), 2u);
}

// A client reads unary messages through MessageLite.
TEST(GrpcTextTest, MakesTheTextOfAUnaryResponseValid) {
  Failure failure;
  failure.set_message("\xff");
  ControlEvent sent;
  *sent.mutable_failure() = failure;
  sent.set_sequence(7);
  grpc::ByteBuffer bytes = Raw(sent.SerializeAsString());
  ControlEvent read;
  ASSERT_TRUE(
      grpc::SerializationTraits<google::protobuf::MessageLite>::Deserialize(&bytes, &read).ok());
  EXPECT_EQ(read.failure().message(), kReplacement);
  EXPECT_EQ(read.sequence(), 7u);
}

TEST(GrpcTextTest, MakesSentTextValid) {
  DataRecord sent;
  sent.mutable_profile()->add_strings("f\xe9");
  sent.mutable_profile()->set_deflated("\xff\xfe");
  sent.set_sequence(3);
  grpc::ByteBuffer bytes;
  bool own = false;
  ASSERT_TRUE(grpc::SerializationTraits<DataRecord>::Serialize(sent, &bytes, &own).ok());
  grpc::Slice slice;
  ASSERT_TRUE(bytes.DumpToSingleSlice(&slice).ok());
  DataRecord read;
  ASSERT_TRUE(read.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  EXPECT_EQ(read.profile().strings(0), std::string("f") + kReplacement);
  EXPECT_EQ(read.profile().deflated(), "\xff\xfe") << "fields of type bytes must not change";
}

TEST(GrpcTextTest, RefusesBytesThatAreNotAMessage) {
  grpc::ByteBuffer bytes = Raw("\x0a\xff");
  AgentDescription read;
  EXPECT_FALSE(grpc::SerializationTraits<AgentDescription>::Deserialize(&bytes, &read).ok());
}

}  // namespace
}  // namespace assay
