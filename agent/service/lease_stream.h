#ifndef ASSAY_AGENT_SERVICE_LEASE_STREAM_H_
#define ASSAY_AGENT_SERVICE_LEASE_STREAM_H_

#include <memory>

#include "agent/parts/part_table.h"
#include "grpcpp/support/server_callback.h"
#include "proto/agent.pb.h"

namespace assay {

// Renews leases: a question, an answer, and again. One stream may hold the leases of several parts; a part that is not
// there (any more) is granted 0 ms, so that it does not end the others' stream. Deletes itself.
class LeaseStream final : public grpc::ServerBidiReactor<LeaseRenewal, LeaseGrant> {
 public:
  explicit LeaseStream(std::shared_ptr<PartTable> parts);

 private:
  // Reads and writes take turns and the end comes from a read that fails, so there is never anything to guard.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

  const std::shared_ptr<PartTable> parts_;
  LeaseRenewal renewal_;
  LeaseGrant grant_;
};

}  // namespace assay

#endif  // ASSAY_AGENT_SERVICE_LEASE_STREAM_H_
