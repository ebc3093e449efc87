#ifndef ASSAY_CONTROLLER_STORE_STORE_H_
#define ASSAY_CONTROLLER_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/monotonic_clock.h"
#include "proto/profile.pb.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// One campaign in a list: the figures that are available without reading its executions.
struct CampaignSummary {
  std::string id;
  std::string label;
  // The plan's name.
  std::string plan;
  // Microseconds since 1970, UTC; ended_us is 0 while it runs.
  int64_t started_us = 0;
  int64_t ended_us = 0;
  // The status to show: RUNNING only while the campaign's controller is alive, INTERRUPTED if it is not.
  CampaignRecord::Status status = CampaignRecord::STATUS_UNSPECIFIED;
  std::string status_reason;
  // The number of committed executions, and how many of those failed.
  int64_t executions = 0;
  int64_t failed_executions = 0;
  // Where its controller runs or ran: "HOST, process PID"; empty if no controller has claimed it yet.
  std::string controller;
  // The row does not match its hash, so these fields may be wrong.
  bool damaged = false;
};

// A staged sample chunk. The commit of its execution refers to it.
struct ChunkRef {
  // Index of the load agent in ExecutionRecord.loads.
  uint32_t load = 0;
  // SHA-256 of the stored chunk; 32 bytes.
  std::string sha256;
};

// One second of one load agent's window.
struct LoadInterval {
  // Index of the load agent in ExecutionRecord.loads.
  uint32_t load = 0;
  WindowSecond second;
};

struct StoreOptions {
  // How long a call waits for another process's write to end before it fails with kUnavailable.
  absl::Duration busy_timeout = absl::Seconds(10);
  // How long a call tries to reach a server that went away after the store was opened.
  absl::Duration retry_for = absl::Seconds(60);
  // Called once for each call that has to wait for the server, with the reason. Any thread.
  std::function<void(const absl::Status& why)> on_retry;
  // For these two times. Outlives the store.
  Clock* clock = &Clock::Real();
};

// The results of campaigns: one SQLite file. Several processes may have it open. Writes exclude each other; reads wait
// for no other call. docs/store.md describes the tables and views. engine/ is the interface to what keeps the tables.
//
// Atomicity: an execution is stored with all its samples or not at all, whenever the process is killed. Sample chunks
// are staged in small transactions as they arrive, and the commit of the execution only refers to them.
// SweepUncommitted() removes chunks that no commit refers to.
//
// Threads: safe. Each call that reads sees one state of the store. Callbacks run outside of transactions and may use
// the store.
//
// Errors. Every message names the store and says what to do.
// kUnavailable: another process holds the store, or its server cannot be reached; the message names it.
// kPermissionDenied: the store cannot be written or read.
// kNotFound, kAlreadyExists: see each function.
// kResourceExhausted: the disk is full.
// kDataLoss: stored data is damaged. Every row has a hash, which is checked when it is read. The message names the
// campaign and the record.
// kInvalidArgument: a record does not read back as it was given, so it is not stored. The message names its campaign,
// or its execution and the load agent that sent it.
// kFailedPrecondition: the file has a newer version or is not a store.
class Store {
 public:
  enum class Mode {
    // Does not create the file and does not change its contents: kNotFound if it does not exist. Only a file of an
    // older schema version is upgraded. Works on a read-only medium.
    kRead,
    // Creates the file and its folder if they do not exist, with access for this user only (0600 and 0700, also for
    // the files that SQLite keeps beside it). An existing file keeps its mode. Upgrades an older schema version.
    kWrite,
  };

  // The order of a campaign's executions.
  enum class Order {
    // By block, position and attempt.
    kAsMade,
    // By cell; within a cell in the order in which they ran.
    kByCell,
  };

  // `location`: the path of an SQLite file.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& location, Mode mode,
                                                     const StoreOptions& options = {});
  // A warning if other users can read the file at `path`, judged by its mode and its folder's mode; otherwise empty.
  static std::string WhoElseReads(const std::string& path);
  // $XDG_DATA_HOME/assay/assay.db, or ~/.local/share/assay/assay.db.
  static absl::StatusOr<std::string> DefaultPath();

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // --- Campaigns ---

  // Adds a campaign. If its status is RUNNING, this process claims it (see Heartbeat). kAlreadyExists if the id is
  // taken.
  absl::Status CreateCampaign(const CampaignRecord& campaign);
  // Replaces a campaign's record. A status of RUNNING claims the campaign for this process, as `resume` does:
  // kFailedPrecondition if its current controller is alive. Any other status releases the claim.
  absl::Status UpdateCampaign(const CampaignRecord& campaign);
  // Finds a campaign by its id, a prefix of an id, its label (the newest campaign with that label), or "latest". A
  // kNotFound message lists the campaigns in the store; a kInvalidArgument message lists the candidates of an
  // ambiguous prefix. A RUNNING campaign whose controller is dead is returned as INTERRUPTED, with the reason and
  // with its last heartbeat as its end.
  absl::StatusOr<CampaignRecord> Find(std::string_view name);
  // Newest first, at most `limit`.
  absl::StatusOr<std::vector<CampaignSummary>> ListCampaigns(int limit = 1'000);

  // --- The controller of a campaign, and its observers ---

  // Records that this process still runs the campaign. Call it every few seconds. On the same host, other processes
  // detect a dead controller by its process; on another host, by a heartbeat older than kHeartbeatLimit.
  absl::Status Heartbeat(std::string_view campaign_id);
  // Asks the controller of a campaign to stop it and keep the finished executions. kFailedPrecondition if no
  // controller runs it.
  absl::Status RequestCancel(std::string_view campaign_id);
  // Whether a cancel was requested since the campaign was last claimed.
  absl::StatusOr<bool> CancelRequested(std::string_view campaign_id);

  // --- Executions ---

  // Stores chunks of an execution that is still running, transcoded to PLANES_ZLIB, and returns their names in order.
  // On return the chunks survive the end of this process, so the agent may delete its copies. Staging a chunk twice
  // stores it once. kInvalidArgument for a damaged chunk; the message names the chunk and the damage. Takes some
  // milliseconds per chunk, mostly outside of transactions.
  absl::StatusOr<std::vector<ChunkRef>> StageChunks(std::string_view campaign_id,
                                                    std::string_view execution_id, uint32_t load,
                                                    absl::Span<const SampleChunk> chunks);
  // Adds an execution in one transaction, durable against a power cut on return. `chunks` must have been staged for
  // this execution and are kept in the given order; its other staged chunks are removed. kAlreadyExists if the
  // campaign has this id or this (cell, block, attempt); kFailedPrecondition if a chunk was never staged.
  absl::Status CommitExecution(const ExecutionRecord& execution, absl::Span<const ChunkRef> chunks,
                               absl::Span<const LoadInterval> seconds,
                               absl::Span<const ProfileChunk> profile = {});
  // kInvalidArgument if CommitExecution() would refuse these records because they do not read back, else OK. Accesses no
  // file.
  static absl::Status CheckExecution(const ExecutionRecord& execution,
                                     absl::Span<const LoadInterval> seconds,
                                     absl::Span<const ProfileChunk> profile = {});
  // Attaches a profile that another tool took (ExecutionRecord.imported_profile). It replaces an earlier import.
  // kFailedPrecondition if Assay itself profiled the execution, or if the execution was not measured.
  absl::Status AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                             absl::Span<const ProfileChunk> profile);
  // Removes staged chunks of executions that were never committed, except chunks of campaigns whose controller is
  // alive. Returns how many bytes were freed for reuse.
  absl::StatusOr<int64_t> SweepUncommitted();

  // Calls `visit` for every execution of a campaign, in `order`, with one execution in memory at a time. Stops at the
  // first error and returns it. With `damaged`, a damaged or missing execution is appended to it and the others are
  // still visited; without `damaged`, it is an error.
  absl::Status ForEachExecution(std::string_view campaign_id,
                                const std::function<absl::Status(const ExecutionRecord&)>& visit,
                                std::vector<absl::Status>* damaged = nullptr,
                                Order order = Order::kAsMade);
  // Whether the campaign has an execution with an attempt above 0. Reads no record.
  absl::StatusOr<bool> HasRepeatedExecution(std::string_view campaign_id);
  absl::StatusOr<ExecutionRecord> ReadExecution(std::string_view execution_id);
  // All executions at once: some kilobytes each.
  absl::StatusOr<std::vector<ExecutionRecord>> Executions(std::string_view campaign_id);

  // Calls `visit` for every sample chunk of an execution in the order of its commit, with one chunk in memory at a
  // time. Each chunk is checked against its name; kDataLoss if they differ. proto/convert/sample_chunk.h decodes
  // chunks.
  absl::Status ReadChunks(
      std::string_view execution_id,
      const std::function<absl::Status(uint32_t load, const SampleChunk&)>& visit);
  // The chunks of an execution's profile in their order; none if it has no profile.
  // proto/convert/stack_profile_proto.h reads them; ExecutionRecord.server.profile describes how the profile was
  // taken.
  absl::StatusOr<std::vector<ProfileChunk>> ReadProfile(std::string_view execution_id);
  // The seconds of an execution, by load agent and second.
  absl::StatusOr<std::vector<LoadInterval>> ReadSeconds(std::string_view execution_id);

  // A controller on another host counts as dead after this long without a heartbeat.
  static constexpr absl::Duration kHeartbeatLimit = absl::Seconds(60);

 private:
  struct Parts;
  explicit Store(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_STORE_H_
