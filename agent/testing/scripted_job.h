#ifndef ASSAY_AGENT_TESTING_SCRIPTED_JOB_H_
#define ASSAY_AGENT_TESTING_SCRIPTED_JOB_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/jobs/job.h"
#include "agent/jobs/strand.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// A job that records the calls to it.
class ScriptedJob final : public Job {
 public:
  ScriptedJob(OpenRequest request, std::unique_ptr<Strand> strand)
      : Job(std::move(request), std::move(strand), testing::TempDir()) {}

  absl::Status admission;
  bool ready_at_once = true;
  std::vector<std::string>* calls = nullptr;

  using Job::ReportFailure;
  using Job::ReportFinished;
  using Job::ReportReady;
  using Job::unwanted;

 protected:
  absl::Status Admit() override {
    calls->push_back("admit");
    return admission;
  }
  void Launch() override {
    calls->push_back("launch");
    if (ready_at_once) ReportReady(Ready());
  }
  void BeginWindow(int64_t start_ns) override {
    calls->push_back("begin " + std::to_string(start_ns));
  }
  void EndWindow() override {
    calls->push_back("end");
    ReportFinished(LoadFinished());
  }
  void Release(bool orderly) override {
    calls->push_back(orderly ? "release" : "release at once");
    DataRecord last;
    last.mutable_second()->set_second(7);
    ASSERT_TRUE(spool().Append(std::move(last)).ok());
  }
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TESTING_SCRIPTED_JOB_H_
