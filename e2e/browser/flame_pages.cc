// Writes the pages for the browser test: flame_pages FOLDER. The profiles are artificial, but have the size and the names of
// real ones; a seed makes them reproducible.
#include <array>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analysis/profile/categories.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/profile_difference.h"
#include "analysis/random_stream.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/report/flame_graph.h"
#include "proto/convert/category_proto.h"

namespace assay {
namespace {

constexpr uint32_t kLargeNodes = 50'000;
constexpr uint64_t kSampleNs = 5'025'125;

struct Names {
  FrameKind kind;
  bool inlined;
  const char* library;
  std::vector<const char*> names;
};

const std::vector<Names>& Vocabulary() {
  static const auto* const vocabulary = new std::vector<Names>{
      {FrameKind::kProgram,
       false,
       "hyper-server",
       {"tokio::runtime::task::harness::Harness<T,S>::poll",
        "hyper::proto::h1::dispatch::Dispatcher<D,Bs,I,T>::poll_catch",
        "hyper::proto::h1::conn::Conn<I,B,T>::poll_read_head", "hyper_server::endpoints::respond",
        "hyper_server::items::parse", "serde_json::ser::to_vec",
        "hyper::proto::h1::io::Buffered<T,B>::poll_flush", "hyper::common::date::update",
        "tokio::io::driver::Driver::turn", "hyper_server::endpoints::route"}},
      {FrameKind::kProgram,
       true,
       "hyper-server",
       {"core::future::poll_fn", "alloc::vec::Vec<T,A>::extend_from_slice",
        "core::slice::iter::next", "httparse::parse_headers",
        "http::header::map::HeaderMap<T>::insert", "bytes::bytes_mut::BytesMut::reserve"}},
      {FrameKind::kLibc,
       false,
       "libc.so.6",
       {"epoll_wait", "recv", "__send", "malloc", "free", "__memcpy_avx_unaligned_erms"}},
      {FrameKind::kLibrary,
       false,
       "libz.so.1",
       {"deflate", "deflate_fast", "longest_match", "crc32_z"}},
      {FrameKind::kKernel,
       false,
       "[kernel]",
       {"entry_SYSCALL_64_after_hwframe", "do_syscall_64", "__x64_sys_sendto", "tcp_sendmsg_locked",
        "tcp_write_xmit", "__ip_queue_xmit", "ip_finish_output2", "__local_bh_enable_ip",
        "net_rx_action", "tcp_v4_rcv", "sock_def_readable", "ep_poll_callback", "ep_poll",
        "schedule", "finish_task_switch.isra.0", "tcp_recvmsg", "skb_copy_datagram_iter"}},
  };
  return *vocabulary;
}

// The kinds that a function may call: the program calls anything, a library itself and the C library, the C library the
// kernel, and the kernel only itself.
constexpr std::array<std::array<size_t, 8>, 5> kCallees = {{{0, 0, 0, 0, 0, 1, 1, 2},
                                                            {0, 0, 0, 0, 1, 1, 2, 3},
                                                            {4, 4, 4, 2, 2, 2, 2, 2},
                                                            {3, 3, 3, 3, 3, 2, 2, 2},
                                                            {4, 4, 4, 4, 4, 4, 4, 4}}};

uint32_t RandomCallee(RandomStream* random, size_t* kind, FunctionTree* tree) {
  *kind = kCallees[*kind][random->Below(8)];
  const Names& names = Vocabulary()[*kind];
  std::string name = names.names[random->Below(names.names.size())];
  // Several hundred functions, like a real profile.
  if (random->Below(3) == 0) absl::StrAppend(&name, "_", random->Below(40));
  return tree->InternFunction(
      {.name = name, .library = names.library, .kind = names.kind, .inlined = names.inlined});
}

uint32_t Child(FunctionTree* tree, uint32_t parent, const std::string& name, FrameKind kind,
               const std::string& library) {
  return tree->InternChild(parent,
                           tree->InternFunction({.name = name, .library = library, .kind = kind}));
}

// The stacks that every server's profile has, with `wait` samples in epoll_wait.
uint32_t AddServer(const std::string& program, const std::vector<std::string>& loop, uint64_t wait,
                   uint64_t send, uint64_t receive, FunctionTree* tree) {
  uint32_t at = FunctionTree::kRoot;
  at = Child(tree, at, "_start", FrameKind::kProgram, program);
  at = Child(tree, at, "__libc_start_main", FrameKind::kLibc, "libc.so.6");
  at = Child(tree, at, "main", FrameKind::kProgram, program);
  for (const std::string& name : loop) at = Child(tree, at, name, FrameKind::kProgram, program);
  struct Call {
    const char* libc;
    std::vector<const char*> kernel;
    uint64_t samples;
  };
  for (const Call& call : std::initializer_list<Call>{
           {"epoll_wait", {"do_syscall_64", "__x64_sys_epoll_wait", "ep_poll", "schedule"}, wait},
           {"send",
            {"do_syscall_64", "__x64_sys_sendto", "tcp_sendmsg", "tcp_write_xmit",
             "__ip_queue_xmit", "net_rx_action"},
            send},
           {"recv",
            {"do_syscall_64", "__x64_sys_recvfrom", "tcp_recvmsg", "skb_copy_datagram_iter"},
            receive}}) {
    uint32_t node = Child(tree, at, call.libc, FrameKind::kLibc, "libc.so.6");
    uint64_t left = call.samples;
    for (const char* name : call.kernel) {
      const uint64_t self = left / 6;
      tree->AddSelf(node, {.ns = self * kSampleNs, .samples = self});
      left -= self;
      node = Child(tree, node, name, FrameKind::kKernel, "[kernel]");
    }
    tree->AddSelf(node, {.ns = left * kSampleNs, .samples = left});
  }
  return at;
}

// Adds random stacks below the event loop until the tree has this many nodes. Frames near the loop get more time.
void Grow(RandomStream* random, uint32_t loop, uint32_t nodes, FunctionTree* tree) {
  struct End {
    uint32_t node;
    size_t kind;
  };
  std::vector<End> ends = {{loop, 0}};
  while (tree->nodes().size() < nodes) {
    End at = ends[random->Below(1 + random->Below(ends.size()))];
    const uint64_t more = 2 + random->Below(9);
    for (uint64_t i = 0; i < more && tree->nodes()[at.node].depth < 64; ++i) {
      at.node = tree->InternChild(at.node, RandomCallee(random, &at.kind, tree));
      if (at.kind != 4 || random->Below(3) == 0) ends.push_back(at);
    }
    const uint64_t near = 70 - tree->nodes()[at.node].depth;
    const uint64_t samples = 1 + random->Below(1 + near * near / (40 + ends.size() / 20));
    tree->AddSelf(at.node, {.ns = samples * kSampleNs, .samples = samples});
  }
}

FunctionTree LargeTree() {
  RandomStream random(1);
  FunctionTree tree;
  const uint32_t loop = AddServer(
      "hyper-server", {"tokio::runtime::Runtime::block_on", "tokio::runtime::scheduler::run"},
      9'000, 14'000, 8'000, &tree);
  Grow(&random, loop, kLargeNodes, &tree);
  return tree;
}

constexpr int kRuns = 10;

// Ten runs of each of two servers.
std::vector<FunctionTree> CAndRust() {
  std::vector<FunctionTree> trees;
  RandomStream random(2);
  for (int run = 0; run < 2 * kRuns; ++run) {
    const bool c = run < kRuns;
    const auto about = [&random](uint64_t samples) {
      return samples + random.Below(1 + samples / 8);
    };
    FunctionTree tree;
    const uint32_t loop =
        c ? AddServer("libmicrohttpd-server", {"MHD_polling_thread", "MHD_epoll"}, about(750),
                      about(1'900), about(1'100), &tree)
          : AddServer("hyper-server", {"tokio::runtime::scheduler::run", "tokio::io::driver::turn"},
                      about(160), about(1'880), about(1'090), &tree);
    const std::string program = c ? "libmicrohttpd-server" : "hyper-server";
    const auto add = [&](uint32_t parent, const char* name, uint64_t samples) {
      const uint32_t node = Child(&tree, parent, name, FrameKind::kProgram, program);
      const uint64_t drawn = about(samples);
      tree.AddSelf(node, {.ns = drawn * kSampleNs, .samples = drawn});
      return node;
    };
    const uint32_t request =
        add(loop, c ? "MHD_connection_handle_idle" : "hyper::proto::h1::dispatch::poll_catch", 140);
    add(request, c ? "parse_initial_message_line" : "httparse::parse_headers", c ? 420 : 310);
    add(request, c ? "build_header_response" : "hyper::proto::h1::role::encode", c ? 330 : 300);
    add(request, c ? "get_plaintext" : "hyper_server::endpoints::respond", 210);
    const uint32_t free = Child(&tree, request, "malloc", FrameKind::kLibc, "libc.so.6");
    const uint64_t samples = about(c ? 130 : 150);
    tree.AddSelf(free, {.ns = samples * kSampleNs, .samples = samples});
    trees.push_back(std::move(tree));
  }
  return trees;
}

absl::StatusOr<ProfileDifference> Compare(const std::vector<FunctionTree>& trees) {
  std::vector<ProfileRun> runs;
  for (const FunctionTree& tree : trees) {
    runs.push_back({.tree = &tree, .requests = 1'400'000, .event = "cpu-clock"});
  }
  const absl::Span<const ProfileRun> all(runs);
  return CompareProfiles(all.subspan(0, kRuns), all.subspan(kRuns), {});
}

std::string Difference(const std::string& title, const ProfileDifference& difference) {
  return controller::FlameGraphFragment(controller::DifferenceGraph{
      .title = title,
      .subtitle = "CPU time a request, cpu-clock at 199 Hz, 10 runs each",
      .name_a = "libmicrohttpd",
      .name_b = "hyper",
      .difference = &difference});
}

absl::Status WritePages(const std::string& folder) {
  const FunctionTree tree = LargeTree();
  const std::string large =
      controller::FlameGraphFragment({.title = "hyper · get_plaintext, 500 connections",
                                      .subtitle = "cpu-clock at 199 Hz, 10 runs of 30 s",
                                      .tree = &tree,
                                      .requests = 14'000'000});
  ASSAY_RETURN_IF_ERROR(WriteFileAtomically(
      folder + "/large.html", controller::FlameGraphPage("A large profile", {large})));
  ASSAY_ASSIGN_OR_RETURN(const std::string path,
                         AssayFile("analysis/profile/categories.textproto"));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  ASSAY_ASSIGN_OR_RETURN(const CategoryRules rules, ParseCategoryRules(text, path));
  const std::vector<FunctionTree> trees = CAndRust();
  std::vector<FunctionTree> by_category;
  std::vector<FunctionTree> by_call;
  for (const FunctionTree& run : trees) {
    by_category.push_back(CategoryTree(run, rules));
    by_call.push_back(SystemCallTree(run, rules));
  }
  ASSAY_ASSIGN_OR_RETURN(const ProfileDifference whole, Compare(trees));
  ASSAY_ASSIGN_OR_RETURN(const ProfileDifference categories, Compare(by_category));
  ASSAY_ASSIGN_OR_RETURN(const ProfileDifference calls, Compare(by_call));
  std::vector<std::string> fragments = {Difference("By what it is for", categories),
                                        Difference("By system call, bottom up", calls),
                                        Difference("Whole stacks", whole)};
  for (const int run : {0, kRuns}) {
    fragments.push_back(
        controller::FlameGraphFragment({.title = run == 0 ? "libmicrohttpd" : "hyper",
                                        .subtitle = "cpu-clock at 199 Hz, one run of 30 s",
                                        .tree = &trees[run],
                                        .requests = 1'400'000}));
  }
  return WriteFileAtomically(folder + "/difference.html",
                             controller::FlameGraphPage("Two servers", fragments));
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: flame_pages FOLDER\n";
    return 2;
  }
  const absl::Status status = assay::WritePages(argv[1]);
  if (status.ok()) return 0;
  std::cerr << "flame_pages: " << status.message() << "\n";
  return 1;
}
