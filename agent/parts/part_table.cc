#include "agent/parts/part_table.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"

namespace assay {
namespace {

std::string NameOf(const PartId& id) {
  return absl::StrCat(id.role() == PartId::SERVER ? "server" : "load", " part of execution '",
                      id.execution_id(), "'");
}

}  // namespace

std::shared_ptr<PartTable> PartTable::Create(Make make, size_t most_parts) {
  return std::shared_ptr<PartTable>(new PartTable(std::move(make), most_parts));
}

void PartTable::Open(const OpenRequest& request, std::function<void(absl::Status)> decided) {
  const Key key = KeyOf(request.part());
  std::shared_ptr<Part> part;
  absl::Status refused;
  bool fresh = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = parts_.find(key);
    if (closing_) {
      refused = absl::UnavailableError("this agent is shutting down");
    } else if (found == parts_.end() && parts_.size() >= most_parts_) {
      refused = absl::ResourceExhaustedError(
          absl::StrCat("this agent has ", most_parts_,
                       " parts open or waiting, and takes no more at once; try again later"));
    } else if (found == parts_.end()) {
      absl::StatusOr<std::shared_ptr<Part>> made = make_(request);
      refused = made.status();
      if (made.ok()) {
        part = *std::move(made);
        fresh = true;
        parts_[key] = part;
      }
    } else if (google::protobuf::util::MessageDifferencer::Equals(found->second->request(),
                                                                  request)) {
      part = found->second;
    } else {
      refused = absl::AlreadyExistsError(
          absl::StrCat("the ", NameOf(request.part()), " is open already, with other contents"));
    }
  }
  if (!refused.ok()) return decided(refused);
  if (fresh) {
    part->Begin([table = weak_from_this(), key, raw = part.get()] {
      if (const std::shared_ptr<PartTable> self = table.lock()) self->Remove(key, raw);
    });
  }
  part->OnAdmitted(std::move(decided));
}

absl::StatusOr<std::shared_ptr<Part>> PartTable::Find(const PartId& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = parts_.find(KeyOf(id));
  if (found != parts_.end()) return found->second;
  return absl::NotFoundError(
      absl::StrCat("this agent has no ", NameOf(id),
                   ": it was closed, forgotten after its lease, or never opened"));
}

void PartTable::Close(const PartId& id, std::function<void()> closed) {
  const absl::StatusOr<std::shared_ptr<Part>> part = Find(id);
  if (!part.ok()) return closed();
  (*part)->Close(std::move(closed));
}

bool PartTable::Serves(const std::string& execution_id, const std::string& destination) const {
  std::shared_ptr<Part> part;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = parts_.find({execution_id, PartId::SERVER});
    if (found == parts_.end()) return false;
    part = found->second;
  }
  return part->ServesAt(destination);
}

void PartTable::Remove(const Key& key, const Part* part) {
  std::shared_ptr<Part> removed;  // Not destroyed under the lock.
  absl::MutexLock lock(&mutex_);
  const auto found = parts_.find(key);
  if (found == parts_.end() || found->second.get() != part) return;
  removed = std::move(found->second);
  parts_.erase(found);
}

bool PartTable::CloseAll(absl::Duration patience) {
  std::vector<std::shared_ptr<Part>> parts;
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    for (const auto& [key, part] : parts_) parts.push_back(part);
  }
  for (const std::shared_ptr<Part>& part : parts) part->Close([] {});
  absl::MutexLock lock(&mutex_);
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return parts_.empty(); };
  return mutex_.AwaitWithTimeout(absl::Condition(&empty), patience);
}

}  // namespace assay
