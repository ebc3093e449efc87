#ifndef ASSAY_CONTROLLER_STORE_CAMPAIGN_TABLE_H_
#define ASSAY_CONTROLLER_STORE_CAMPAIGN_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/engine/database.h"
#include "controller/store/process_identity.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The campaigns of a store and their controllers, over one connection. Contracts are those of Store. The caller begins
// and commits transactions.
class CampaignTable {
 public:
  CampaignTable(Database* database, std::string self)
      : database_(*database), self_(std::move(self)) {}

  absl::Status Create(const CampaignRecord& campaign);
  absl::Status Update(const CampaignRecord& campaign);
  absl::StatusOr<CampaignRecord> Find(std::string_view name);
  absl::StatusOr<std::vector<CampaignSummary>> List(int limit);
  absl::Status Heartbeat(std::string_view id);
  absl::Status RequestCancel(std::string_view id);
  absl::StatusOr<bool> CancelRequested(std::string_view id);

  // Whether `controller` is alive and runs some campaign. This process always counts as alive.
  absl::StatusOr<bool> ControllerLives(const std::string& controller);

 private:
  // A campaign's status and the process that runs it.
  struct Standing {
    CampaignRecord::Status status = CampaignRecord::STATUS_UNSPECIFIED;
    std::string controller;
    std::string controller_text;
    int64_t heartbeat_us = 0;

    bool running() const;
  };

  // Sets the hash of a campaign's row. Call it after every change of a column that the hash covers.
  absl::Status Seal(std::string_view id);
  absl::StatusOr<Standing> StandingOf(std::string_view id);
  // The campaign id that `name` refers to.
  absl::StatusOr<std::string> Resolve(std::string_view name);
  absl::StatusOr<std::vector<std::string>> QueryIds(std::string_view sql, std::string_view name);
  absl::Status NoSuchCampaign(std::string_view name);
  absl::Status Ambiguous(std::string_view prefix, const std::vector<std::string>& ids);
  // "0123456789ab (label)".
  absl::StatusOr<std::vector<std::string>> Described(const std::vector<std::string>& ids);
  // Binds the columns that repeat the record to parameters 1 to 7 of a statement.
  static void BindColumns(const CampaignRecord& campaign, const std::string& blob,
                          Statement* statement);

  Database& database_;
  // This process, from ProcessIdentity::ToString().
  const std::string self_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_CAMPAIGN_TABLE_H_
