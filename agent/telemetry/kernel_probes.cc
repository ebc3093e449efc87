#include "agent/telemetry/kernel_probes.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "common/file.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "common/unique_fd.h"

namespace assay::agent {
namespace {

// Ids increase; no machine loads this many programs.
constexpr int kMaxBpfPrograms = 100'000;

struct AuditReply {
  nlmsghdr header;
  union {
    nlmsgerr error;
    audit_status status;
    char buffer[1024];
  };
};

absl::Status SendAuditGet(const UniqueFd& socket) {
  nlmsghdr request = {};
  request.nlmsg_len = NLMSG_LENGTH(0);
  request.nlmsg_type = AUDIT_GET;
  request.nlmsg_flags = NLM_F_REQUEST;
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(socket.get(), &request, request.nlmsg_len, 0, reinterpret_cast<sockaddr*>(&kernel),
             sizeof(kernel)) < 0) {
    return ErrnoStatus(errno, "cannot query kernel auditing; it needs CAP_AUDIT_CONTROL");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> LoadedBpf() {
  int programs = 0;
  bpf_attr attributes;
  memset(&attributes, 0, sizeof(attributes));
  while (programs < kMaxBpfPrograms &&
         syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attributes, sizeof(attributes)) == 0) {
    ++programs;
    attributes.start_id = attributes.next_id;
  }
  // ENOENT: there is no next program.
  if (programs < kMaxBpfPrograms && errno != ENOENT) {
    return ErrnoStatus(errno, "cannot list BPF programs; it needs CAP_SYS_ADMIN");
  }
  return CountText(static_cast<uint64_t>(programs), "program");
}

absl::StatusOr<std::string> AuditState() {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  if (!socket.ok()) return ErrnoStatus(errno, "cannot open a socket to kernel auditing");
  const timeval limit = {.tv_sec = 1};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ASSAY_RETURN_IF_ERROR(SendAuditGet(socket));
  AuditReply reply = {};
  const ssize_t got = recv(socket.get(), &reply, sizeof(reply), 0);
  if (got < 0) return ErrnoStatus(errno, "kernel auditing does not reply");
  const auto size = static_cast<size_t>(got);
  if (reply.header.nlmsg_type == NLMSG_ERROR && size >= NLMSG_LENGTH(sizeof(int))) {
    return ErrnoStatus(-reply.error.error,
                       "cannot query kernel auditing; it needs CAP_AUDIT_CONTROL");
  }
  // The kernel's struct may be shorter or longer; the needed fields are at its beginning.
  const size_t needed =
      NLMSG_LENGTH(offsetof(audit_status, enabled) + sizeof(reply.status.enabled));
  if (reply.header.nlmsg_type != AUDIT_GET || size < needed) {
    return absl::InternalError("unexpected reply from kernel auditing");
  }
  if (reply.status.enabled == 0) return "off";
  return reply.status.enabled == 2 ? "on, locked" : "on";
}

absl::StatusOr<std::string> Hypervisor() {
#if defined(__x86_64__) || defined(__i386__)
  constexpr unsigned kHypervisorBit = 1U << 31;
  constexpr unsigned kHypervisorLeaf = 0x40000000;
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) {
    return absl::UnimplementedError("this CPU has no CPUID");
  }
  if ((ecx & kHypervisorBit) == 0) return "none";
  __cpuid(kHypervisorLeaf, eax, ebx, ecx, edx);
  char signature[13] = {};
  memcpy(signature, &ebx, 4);
  memcpy(signature + 4, &ecx, 4);
  memcpy(signature + 8, &edx, 4);
  const absl::string_view name = absl::StripAsciiWhitespace(signature);
  return name.empty() ? "unnamed" : std::string(name);
#else
  return absl::UnimplementedError("this CPU has no CPUID");
#endif
}

}  // namespace assay::agent
