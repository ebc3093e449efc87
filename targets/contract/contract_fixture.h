#ifndef ASSAY_TARGETS_CONTRACT_CONTRACT_FIXTURE_H_
#define ASSAY_TARGETS_CONTRACT_CONTRACT_FIXTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "agent/catalogue/catalogue.h"
#include "agent/verify/endpoint_contract.h"
#include "gtest/gtest.h"
#include "targets/contract/random_bodies.h"
#include "targets/contract/raw_connection.h"
#include "targets/contract/running_target.h"

namespace assay::targets {

// The project's own catalogue. Ends the program if it cannot be loaded.
const agent::Catalogue& BoxCatalogue();

// The targets in it that keep the endpoint contract. The tests run over all of them.
std::vector<std::string> ContractTargets();

// The bytes of a request with a Host, and with its length if it has a body or is a POST.
std::string Encode(const agent::ContractRequest& request);

// Tests of one target, which is started once for all of them. If it is not installed, the test is skipped with a
// message that says what to install.
class ContractTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  RunningTarget& target() { return *target_; }
  RandomBodies& random() { return random_; }
  RawConnection Connect();

  // Whether the catalogue declares that the target serves this.
  bool Serves(std::string_view method, std::string_view path) const;

  // Whether the target serves the path with any method.
  bool Knows(std::string_view path) const;

  // Reads the response to `request` and compares it with the contract. Fails the test with the difference.
  void ExpectRight(RawConnection& connection, const agent::ContractRequest& request);
  // Sends the request, then calls ExpectRight().
  void Ask(RawConnection& connection, const agent::ContractRequest& request);

 private:
  RunningTarget* target_ = nullptr;
  RandomBodies random_{20240611};
};

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_CONTRACT_FIXTURE_H_
