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
#include "proto/profile.pb.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// One campaign in a list: what can be said without reading its executions.
struct CampaignSummary {
  std::string id;
  std::string label;
  // The plan's name.
  std::string plan;
  // Microseconds since 1970, UTC; ended_us is 0 while it runs.
  int64_t started_us = 0;
  int64_t ended_us = 0;
  // As people should see it: RUNNING only while its controller lives, else INTERRUPTED.
  CampaignRecord::Status status = CampaignRecord::STATUS_UNSPECIFIED;
  std::string status_reason;
  // Executions committed, and those of them that failed.
  int64_t executions = 0;
  int64_t failed_executions = 0;
  // Where its controller runs or ran: "HOST, process PID"; empty before one claimed it.
  std::string controller;
  // Its row is not what was stored: what stands here may be wrong.
  bool damaged = false;
};

// A staged sample chunk, to be named by the commit of its execution.
struct ChunkRef {
  // Index of the load agent in ExecutionRecord.loads.
  uint32_t load = 0;
  // SHA-256 of the chunk as it is stored; 32 bytes.
  std::string sha256;
};

// One second of one load agent's window.
struct LoadInterval {
  // Index of the load agent in ExecutionRecord.loads.
  uint32_t load = 0;
  WindowSecond second;
};

struct StoreOptions {
  // Longest wait for another process's write to end, before a call fails with kUnavailable.
  absl::Duration busy_timeout = absl::Seconds(10);
};

// Where campaigns live: one SQLite file, in WAL mode, that several processes may have open; writes
// of one exclude those of another, reads never wait. docs/store.md describes its tables and views.
//
// What is kept: an execution is there wholly, with all its samples, or not at all, whenever the
// process is killed. Sample chunks are staged in small transactions as they come, and an
// execution's commit only refers to them; chunks that no commit named are removed by
// SweepUncommitted().
//
// Threads: safe; calls are serialised. Callbacks run without the lock held.
// Errors: kUnavailable when another process holds the file (the message says who),
// kPermissionDenied when it may not be written or read, kNotFound, kAlreadyExists,
// kResourceExhausted when the disk is full, kDataLoss when what is stored is damaged (every row has a hash, which is
// checked when it is read; the message names the campaign and the record),
// kInvalidArgument for a record that does not read back as it was given: it is not stored, and the message names its
// campaign, or its execution and the load agent that sent it,
// kFailedPrecondition for a file of a newer version or one that is no store. Every message names
// the file and what to do.
class Store {
 public:
  enum class Mode {
    // Neither makes a file nor changes what is in it: kNotFound when there is none. Only one of an
    // older version is brought up to this one's. Fine on a read-only medium.
    kRead,
    // Makes the file, and its folder, where there is none, for this user alone (0600 and 0700, also what SQLite keeps
    // beside the file); one that is there keeps its mode. Brings an older version up to this one's.
    kWrite,
  };

  // Of a campaign's executions.
  enum class Order {
    // By block, position and attempt.
    kAsMade,
    // All of one cell together, and those as they were made.
    kByCell,
  };

  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path, Mode mode,
                                                     const StoreOptions& options = {});
  // A warning where other users may read the file at `path`, by its mode and its folder's; else empty.
  static std::string WhoElseReads(const std::string& path);
  // $XDG_DATA_HOME/assay/assay.db, or ~/.local/share/assay/assay.db.
  static absl::StatusOr<std::string> DefaultPath();

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // --- Campaigns ---

  // Adds a campaign, claimed by this process (see Heartbeat) when its status is RUNNING.
  // kAlreadyExists when the id is taken.
  absl::Status CreateCampaign(const CampaignRecord& campaign);
  // Replaces a campaign's record. A status of RUNNING claims it for this process, as `resume` does:
  // kFailedPrecondition when the controller that has it is alive. Any other status gives it up.
  absl::Status UpdateCampaign(const CampaignRecord& campaign);
  // The campaign that `name` means: an id, a prefix of one, a label (of several
  // the newest), or "latest". kNotFound says what there is; kInvalidArgument names the candidates
  // of an ambiguous prefix. A RUNNING campaign whose controller is dead comes back as INTERRUPTED,
  // with the reason, ended at its last heartbeat.
  absl::StatusOr<CampaignRecord> Find(std::string_view name);
  // Newest first, at most `limit`.
  absl::StatusOr<std::vector<CampaignSummary>> ListCampaigns(int limit = 1'000);

  // --- The controller that runs a campaign, and those that watch it ---

  // Tells others that this process still runs the campaign; call it every few seconds. On the same
  // host a dead controller is known by its process, from another by a heartbeat older than
  // kHeartbeatLimit.
  absl::Status Heartbeat(std::string_view campaign_id);
  // Asks the controller that runs a campaign to end it and keep what is finished.
  // kFailedPrecondition when none runs it.
  absl::Status RequestCancel(std::string_view campaign_id);
  // Whether that was asked since the campaign was last claimed.
  absl::StatusOr<bool> CancelRequested(std::string_view campaign_id);

  // --- Executions ---

  // Stores chunks of an execution that is still running, transcoded to PLANES_ZLIB, and returns
  // their names in order. On return they survive the end of this process: the agent may forget
  // them. Staging a chunk twice stores it once. kInvalidArgument for a damaged chunk (which, and
  // how). Some milliseconds a chunk, most of them without the lock.
  absl::StatusOr<std::vector<ChunkRef>> StageChunks(std::string_view campaign_id,
                                                    std::string_view execution_id, uint32_t load,
                                                    absl::Span<const SampleChunk> chunks);
  // Adds an execution in one transaction, safe from a power cut on return. `chunks` were staged for
  // it, and are kept in the order given; what else was staged for it is removed. kAlreadyExists when its id, or its
  // (cell, block, attempt) in the campaign, is there; kFailedPrecondition when a chunk was never staged.
  absl::Status CommitExecution(const ExecutionRecord& execution, absl::Span<const ChunkRef> chunks,
                               absl::Span<const LoadInterval> seconds,
                               absl::Span<const ProfileChunk> profile = {});
  // Gives an execution a profile that another tool took (ExecutionRecord.imported_profile); one that was imported
  // before is replaced. kFailedPrecondition where Assay itself profiled it, or it was not measured.
  absl::Status AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                             absl::Span<const ProfileChunk> profile);
  // Removes staged chunks of executions that were never committed, except those of campaigns whose
  // controller lives. Returns how many bytes were freed for reuse.
  absl::StatusOr<int64_t> SweepUncommitted();

  // Calls `visit` for every execution of a campaign, in `order`, one in memory at a time; stops at the first error and
  // returns it. `damaged` gets what is wrong with each execution that is damaged or missing, and the others are visited;
  // without it that is an error too.
  absl::Status ForEachExecution(std::string_view campaign_id,
                                const std::function<absl::Status(const ExecutionRecord&)>& visit,
                                std::vector<absl::Status>* damaged = nullptr,
                                Order order = Order::kAsMade);
  absl::StatusOr<ExecutionRecord> ReadExecution(std::string_view execution_id);
  // All at once: some kilobytes each.
  absl::StatusOr<std::vector<ExecutionRecord>> Executions(std::string_view campaign_id);

  // Calls `visit` for every sample chunk of an execution in the order of its commit, one in memory
  // at a time. What is read is checked against its name: kDataLoss. proto/convert/sample_chunk.h
  // decodes it.
  absl::Status ReadChunks(
      std::string_view execution_id,
      const std::function<absl::Status(uint32_t load, const SampleChunk&)>& visit);
  // The chunks of an execution's profile in their order; none where it has none. proto/convert/stack_profile_proto.h
  // reads them, and ExecutionRecord.server.profile says how it was taken.
  absl::StatusOr<std::vector<ProfileChunk>> ReadProfile(std::string_view execution_id);
  // The seconds of an execution, by load agent and second.
  absl::StatusOr<std::vector<LoadInterval>> ReadSeconds(std::string_view execution_id);

  // A controller on another host is taken for dead after this long without a heartbeat.
  static constexpr absl::Duration kHeartbeatLimit = absl::Seconds(60);

 private:
  struct Parts;
  explicit Store(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_STORE_H_
