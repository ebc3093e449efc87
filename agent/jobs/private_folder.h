#ifndef ASSAY_AGENT_JOBS_PRIVATE_FOLDER_H_
#define ASSAY_AGENT_JOBS_PRIVATE_FOLDER_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::agent {

// A folder of its own, mode 0700, removed with all that is in it when this is destroyed.
class PrivateFolder {
 public:
  // Makes one below `parent`, which must exist; its name begins with `prefix`.
  static absl::StatusOr<PrivateFolder> Create(const std::string& parent, const std::string& prefix);
  ~PrivateFolder();

  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }

  // Absolute, if the parent was.
  const std::string& path() const { return path_; }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// The folder of one running agent below --spool. An agent that was killed leaves its own behind; the next one that is
// given the same --spool removes it, and spares those of agents that run.
class AgentFolder {
 public:
  // Makes `spool` where it is missing; refuses one that is not this user's alone (common/safe_path.h). Errors name the path.
  static absl::StatusOr<AgentFolder> Create(const std::string& spool);

  const std::string& path() const { return folder_.path(); }

 private:
  AgentFolder(PrivateFolder folder, UniqueFd lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}

  PrivateFolder folder_;
  // Locked for as long as the agent runs, however it ends.
  UniqueFd lock_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_PRIVATE_FOLDER_H_
