#include "agent/parts/request_check.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"

namespace assay {
namespace {

OpenRequest ServerRequest() {
  OpenRequest request;
  request.mutable_part()->set_execution_id("e");
  request.mutable_part()->set_role(PartId::SERVER);
  request.set_lease_ms(10'000);
  request.mutable_server()->set_target("epoll");
  request.mutable_server()->mutable_verify()->set_path("/json");
  request.mutable_server()->mutable_window()->set_requests(10'000);
  return request;
}

OpenRequest LoadRequest() {
  OpenRequest request;
  request.mutable_part()->set_execution_id("e");
  request.mutable_part()->set_role(PartId::LOAD);
  request.set_lease_ms(10'000);
  LoadSpec& load = *request.mutable_load();
  load.set_destination("127.0.0.1:9000");
  load.mutable_workload()->set_path("/json");
  load.mutable_window()->set_duration_ns(1'000'000'000);
  load.mutable_closed()->set_connections(64);
  load.set_timeout_ns(5'000'000'000);
  return request;
}

// The request, with one thing changed, is refused by a message that begins with the field's name.
void ExpectWrong(OpenRequest request, const std::function<void(OpenRequest&)>& change,
                 const std::string& field) {
  ASSERT_TRUE(CheckOpenRequest(request).ok()) << CheckOpenRequest(request);
  change(request);
  const absl::Status wrong = CheckOpenRequest(request);
  EXPECT_TRUE(absl::IsInvalidArgument(wrong)) << field << ": " << wrong;
  EXPECT_EQ(std::string(wrong.message()).rfind(field + ":", 0), 0u) << wrong;
}

TEST(RequestCheckTest, NamesTheFieldOfThePartThatIsWrong) {
  const OpenRequest good = ServerRequest();
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_part()->clear_execution_id(); }, "part.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_part()->set_execution_id("a b"); }, "part.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_part()->set_execution_id("\x1b[2J"); },
      "part.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_part()->set_execution_id(std::string(201, 'a')); },
      "part.execution_id");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_part()->clear_role(); }, "part.role");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_part()->set_role(PartId::LOAD); }, "load");
  ExpectWrong(
      good, [](OpenRequest& r) { r.set_lease_ms(999); }, "lease_ms");
  ExpectWrong(
      good, [](OpenRequest& r) { r.set_lease_ms(600'001); }, "lease_ms");
}

TEST(RequestCheckTest, NamesTheFieldOfTheServerThatIsWrong) {
  const OpenRequest good = ServerRequest();
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->clear_target(); }, "server.target");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->set_port(65'536); }, "server.port");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->clear_window(); }, "server.window");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->mutable_window()->set_duration_ns(1); },
      "server.window");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->mutable_verify()->set_body_file("b"); },
      "server.verify.body_file");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_server()->mutable_verify()->set_path("json"); },
      "server.verify.path");
}

TEST(RequestCheckTest, NamesTheFieldOfTheLoadThatIsWrong) {
  const OpenRequest good = LoadRequest();
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->clear_destination(); }, "load.destination");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->clear_closed(); }, "load");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_closed()->set_connections(0); },
      "load.closed.connections");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->set_threads(65); }, "load.threads");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->set_timeout_ns(0); }, "load.timeout_ns");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_open()->set_connections(5); },
      "load.open.rate_per_s");
  ExpectWrong(
      good,
      [](OpenRequest& r) {
        r.mutable_load()->set_share_count(2);
        r.mutable_load()->set_share_index(2);
      },
      "load.share_index");
}

// A header with a line end in it would be two, or a second request.
TEST(RequestCheckTest, RefusesWhatWouldSmuggleIntoARequest) {
  const OpenRequest good = LoadRequest();
  ExpectWrong(
      good,
      [](OpenRequest& r) {
        Header& header = *r.mutable_load()->mutable_workload()->add_headers();
        header.set_name("X-A");
        header.set_value("1\r\nX-B: 2");
      },
      "load.workload.headers");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_workload()->set_method("GET /x"); },
      "load.workload.method");
  ExpectWrong(
      good, [](OpenRequest& r) { r.mutable_load()->mutable_workload()->set_path("/a\r\nb"); },
      "load.workload.path");
}

}  // namespace
}  // namespace assay
