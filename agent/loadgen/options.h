#ifndef ASSAY_AGENT_LOADGEN_OPTIONS_H_
#define ASSAY_AGENT_LOADGEN_OPTIONS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/target_address.h"

namespace assay {
class SlotSchedule;
}

namespace assay::loadgen {

// When open loop requests fall due.
enum class Arrivals { kConstant, kPoisson, kRamp };
// How an open loop waits for the next due time: on its own core, or leaving it to others.
enum class Pacing { kSpin, kGentle };
enum class ReportFormat { kTable, kJson, kCsv };

// Defined by agent/load_protocol/control.proto, which is kept out of what the load threads include.
class GeneratorSpec;

// How long the idle core is observed where nobody says.
inline constexpr int64_t kIdleGapsNs = 50'000'000;

// Everything a run is told, checked. Times are nanoseconds.
struct LoadOptions {
  TargetAddress target;
  // At least one; more are drawn by weight.
  std::vector<Request> requests;

  int connections = 1;
  int threads = 1;
  // Thread i stands on the i-th of these, wrapping around. Empty: not pinned.
  std::vector<int> cpus;

  int64_t warmup_ns = 0;
  // The window ends by whichever of the two is reached first; 0: not by this one. At least one is
  // not 0.
  int64_t duration_ns = 0;
  uint64_t request_count = 0;
  int64_t timeout_ns = 0;
  // Longest wait after the window for responses that are still due. In slots: after the last one.
  int64_t drain_ns = 0;
  // Under an agent: send only in these slots. Null: one window. duration_ns is then the length of all of them, and
  // warmup_ns and request_count are 0.
  std::shared_ptr<const SlotSchedule> slots;

  // Closed loop.
  int pipeline = 1;
  int64_t think_ns = 0;

  // Over https:// it is agreed by ALPN, over http:// it is spoken by prior knowledge. Then `pipeline` is the number of
  // streams on a connection, in an open loop as well.
  bool http2 = false;
  // Whether the server's certificate is checked.
  bool tls_verify = false;
  // The name that is sent as SNI, and that the certificate must be for; empty: the target's host.
  std::string tls_server_name;

  // Open loop: nonzero makes it one. This process's share of the rate.
  double rate_per_s = 0;
  Arrivals arrivals = Arrivals::kConstant;
  Pacing pacing = Pacing::kSpin;
  // Requests that may wait for a free connection, over all threads; one more is an error.
  uint64_t queue_limit = 0;
  uint64_t seed = 1;
  // Which of how many load generators this is: their arrivals are split without phase lock.
  int share_index = 0;
  int share_count = 1;

  // How long idle gaps are observed before the window; 0: not at all.
  int64_t idle_gaps_ns = 0;

  // Of a run alone: what comes of its result.
  ReportFormat format = ReportFormat::kTable;
  std::string samples_file;
  std::string hdr_file;
  std::string compare_to;
  // For the JSON alone.
  std::string label;
  // File for the JSON, beside what is printed.
  std::string output_file;
  // Nonzero: the window ends early when the interval of this quantile is at most that share of it wide.
  double until_quantile = 0;
  double until_width = 0;
  bool quiet = false;

  // Under an agent: the inherited control socket, over which all the rest comes; or -1.
  int control_fd = -1;

  bool open_loop() const { return rate_per_s > 0; }
  bool under_agent() const { return control_fd >= 0; }
};

// The one way from a spec to options, whoever made it: checks every field and builds the requests. What a spec does not
// hold (how a run alone is reported, control_fd) stays as it is. Messages name the flag of what is wrong.
//
// kInvalidArgument: wrong in itself, or on this host (CPUs). kUnavailable: the target's name has no address. Resolves
// names, which may block.
absl::Status FillOptions(const GeneratorSpec& spec, LoadOptions& options);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_OPTIONS_H_
