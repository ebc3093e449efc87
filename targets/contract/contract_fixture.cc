#include "targets/contract/contract_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/runfiles.h"

namespace assay::targets {
namespace {

using Started = absl::StatusOr<std::unique_ptr<RunningTarget>>;

// The targets that tests have asked for. Stopped when all tests of the program have run.
class RunningTargets : public testing::Environment {
 public:
  const Started& Get(const std::string& name) {
    auto found = started_.find(name);
    if (found == started_.end()) {
      const auto target = BoxCatalogue().Find(name);
      found = started_
                  .emplace(name, target.ok() ? RunningTarget::Start(BoxCatalogue(), **target)
                                             : Started(target.status()))
                  .first;
    }
    return found->second;
  }

  void TearDown() override { started_.clear(); }

 private:
  std::map<std::string, Started> started_;
};

RunningTargets& Targets() {
  // The framework owns the environment.
  static auto* const targets =
      static_cast<RunningTargets*>(testing::AddGlobalTestEnvironment(new RunningTargets));
  return *targets;
}

// Registered before the tests begin, so that TearDown() is called.
[[maybe_unused]] const RunningTargets& registered = Targets();

// Every response has a length and a date.
void ExpectComplete(const RawResponse& response) {
  EXPECT_EQ(response.version, "HTTP/1.1");
  EXPECT_TRUE(response.HasHeader("content-length"));
  absl::Time date;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", response.Header("date"), &date, &error))
      << "Date: " << response.Header("date") << ": " << error;
}

// The name of a target for the test framework: letters and digits only.
std::string TestName(std::string name) {
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

std::string Title(const agent::ContractRequest& request) {
  return absl::StrCat(request.method, " ", request.target.substr(0, 100), " with ",
                      request.body.size(), " bytes");
}

}  // namespace

const agent::Catalogue& BoxCatalogue() {
  static const auto* const catalogue = [] {
    const auto path = AssayFile("targets/catalogue.textproto");
    auto loaded =
        path.ok() ? agent::Catalogue::Load(*path) : absl::StatusOr<agent::Catalogue>(path.status());
    if (!loaded.ok()) {
      std::cerr << "cannot load the catalogue: " << loaded.status() << "\n";
      std::exit(EXIT_FAILURE);
    }
    return new agent::Catalogue(*std::move(loaded));
  }();
  return *catalogue;
}

std::vector<std::string> ContractTargets() {
  std::vector<std::string> names;
  for (const CatalogueTarget& target : BoxCatalogue().targets()) {
    if (target.contract()) names.push_back(target.name());
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Targets, ContractTest, testing::ValuesIn(ContractTargets()),
                         [](const auto& info) { return TestName(info.param); });

std::string Encode(const agent::ContractRequest& request) {
  std::string bytes =
      absl::StrCat(request.method, " ", request.target, " HTTP/1.1\r\nHost: assay\r\n");
  if (!request.content_type.empty()) {
    absl::StrAppend(&bytes, "Content-Type: ", request.content_type, "\r\n");
  }
  if (!request.body.empty() || request.method == "POST") {
    absl::StrAppend(&bytes, "Content-Length: ", request.body.size(), "\r\n");
  }
  return absl::StrCat(bytes, "\r\n", request.body);
}

void ContractTest::SetUp() {
  const Started& started = Targets().Get(GetParam());
  if (absl::IsFailedPrecondition(started.status())) {
    GTEST_SKIP() << std::string(started.status().message());
  }
  ASSERT_TRUE(started.ok()) << started.status();
  target_ = started->get();
  ASSERT_FALSE(target_->process().ended().has_value())
      << GetParam() << " has ended (" << target_->process().ended()->ToString() << ")\n"
      << target_->process().LastOutput();
}

RawConnection ContractTest::Connect() {
  auto connection = RawConnection::Open(target_->address());
  EXPECT_TRUE(connection.ok()) << connection.status();
  return *std::move(connection);
}

bool ContractTest::Serves(std::string_view method, std::string_view path) const {
  return !agent::NotServedReason(target_->target(), method == "HEAD" ? "GET" : method, path)
              .has_value();
}

bool ContractTest::Knows(std::string_view path) const {
  for (const std::string_view request : agent::ContractRequests()) {
    const size_t space = request.find(' ');
    if (request.substr(space + 1) == path.substr(0, path.find('?')) &&
        Serves(request.substr(0, space), path)) {
      return true;
    }
  }
  return false;
}

void ContractTest::ExpectRight(RawConnection& connection, const agent::ContractRequest& request) {
  const auto response = connection.Read(request.method == "HEAD");
  ASSERT_TRUE(response.ok()) << Title(request) << ": " << response.status();
  ExpectComplete(*response);
  agent::RightResponse not_found;
  not_found.status = 404;
  agent::RightResponse right = agent::ContractResponse(request).value_or(not_found);
  // The target need not allow a method that it does not serve.
  const auto not_served = [&](const std::string& method) {
    return !Serves(method, request.target);
  };
  right.allow.erase(std::remove_if(right.allow.begin(), right.allow.end(), not_served),
                    right.allow.end());
  EXPECT_EQ(agent::Difference(right, response->Reply()), "") << Title(request);
}

void ContractTest::Ask(RawConnection& connection, const agent::ContractRequest& request) {
  ASSERT_TRUE(connection.Send(Encode(request)).ok()) << Title(request);
  ExpectRight(connection, request);
}

}  // namespace assay::targets
