#include "common/safe_path.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <deque>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace assay {
namespace {

// The kernel's limit on symbolic links in one path.
constexpr int kMaxLinks = 40;

absl::Status Refused(const std::string& path, const std::string& why) {
  return absl::PermissionDeniedError(absl::StrCat("cannot use the folder ", path, ": ", why));
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Whether no other user can have made the link.
bool MayFollow(const std::string& folder, const struct stat& link) {
  struct stat in = {};
  if (stat(folder.c_str(), &in) != 0 || (in.st_mode & (S_IWOTH | S_ISVTX)) != 0) return false;
  return (in.st_mode & S_IWGRP) == 0 || link.st_uid == geteuid() || link.st_uid == 0;
}

bool IsProc(const std::string& folder) {
  struct statfs system = {};
  return statfs(folder.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

std::deque<std::string> PartsOf(absl::string_view path) {
  return absl::StrSplit(path, '/', absl::SkipEmpty());
}

}  // namespace

absl::Status EnsureOwnFolder(const std::string& path) {
  // A trailing slash would make the system follow a link.
  std::string folder = path;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const std::string parent = ParentOf(folder);
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot make the folder ", parent));
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the folder ", folder));
  }
  struct stat found = {};
  struct stat above = {};
  if (lstat(folder.c_str(), &found) != 0 || stat(parent.c_str(), &above) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot use the folder ", folder));
  }
  if (S_ISLNK(found.st_mode)) return Refused(folder, "it is a symbolic link");
  if (!S_ISDIR(found.st_mode)) return Refused(folder, "it is not a folder");
  if (found.st_uid != geteuid()) {
    return Refused(folder, absl::StrCat("it belongs to the user ", found.st_uid, ", not to ",
                                        geteuid(), ", who runs this program"));
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Refused(folder, "other users may write to it; remove it, or empty it and chmod 700 it");
  }
  if ((above.st_mode & S_IWOTH) != 0 && (above.st_mode & S_ISVTX) == 0) {
    return Refused(folder, absl::StrCat("every user may replace it, since ", parent,
                                        " is writable by all and not sticky; chmod +t it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ResolveLinks(const std::string& path) {
  std::string done = !path.empty() && path.front() == '/' ? "/" : "";
  std::deque<std::string> rest = PartsOf(path);
  int links = 0;
  while (!rest.empty()) {
    const std::string part = rest.front();
    rest.pop_front();
    if (part == ".") continue;
    const std::string folder = done.empty() ? "." : done;
    const std::string next =
        done.empty() || done == "/" ? absl::StrCat(done, part) : absl::StrCat(done, "/", part);
    struct stat found = {};
    if (lstat(next.c_str(), &found) != 0 || !S_ISLNK(found.st_mode)) {
      done = next;
      continue;
    }
    if (IsProc(folder)) {
      rest.push_front(next);
      return absl::StrJoin(rest, "/");
    }
    if (!MayFollow(folder, found)) {
      return absl::PermissionDeniedError(
          absl::StrCat(next,
                       " is a symbolic link in a folder that other users may write to; it is "
                       "not followed; pass its target or a path in another folder"));
    }
    char target[PATH_MAX];
    const ssize_t size = readlink(next.c_str(), target, sizeof(target));
    if (size < 0 || ++links > kMaxLinks) {
      return absl::ErrnoToStatus(size < 0 ? errno : ELOOP, absl::StrCat("cannot follow ", next));
    }
    const absl::string_view leads_to(target, static_cast<size_t>(size));
    if (leads_to.front() == '/') done.assign(1, '/');
    std::deque<std::string> parts = PartsOf(leads_to);
    rest.insert(rest.begin(), parts.begin(), parts.end());
  }
  return done.empty() ? "." : done;
}

}  // namespace assay
