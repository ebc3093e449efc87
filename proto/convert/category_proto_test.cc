// The rules that Assay ships with, on stacks of the servers in its catalogue.
#include "proto/convert/category_proto.h"

#include <string>

#include "absl/status/status.h"
#include "analysis/profile/test_profile.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

CategoryRules ShippedRules() {
  const std::string path = AssayFile("analysis/profile/categories.textproto").value();
  const absl::StatusOr<CategoryRules> rules = ParseCategoryRules(ReadFile(path).value(), path);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.value();
}

// The category of a sample with this stack.
std::string CategoryOf(std::string_view stack) {
  const CategoryRules rules = ShippedRules();
  for (const CategoryCost& cost : CategoryCosts(TreeOf({{stack, 1}}), rules, 0)) {
    if (cost.cost.samples > 0) return std::string(ToString(cost.category));
  }
  return "";
}

TEST(CategoryProtoTest, CategorisesTheStacksOfTheEpollServer) {
  const std::string base = "_start;main;assay::HttpServer::Run;assay::Worker::Run;";
  EXPECT_EQ(CategoryOf(base + "assay::EventLoop::RunOnce;[c]epoll_wait;[k]schedule"), "wait");
  EXPECT_EQ(CategoryOf(base + "assay::EventLoop::RunOnce"), "scheduler");
  EXPECT_EQ(CategoryOf(base + "assay::Connection::OnEvents;assay::Connection::Receive;[c]recv"),
            "receive");
  EXPECT_EQ(
      CategoryOf(base + "assay::Connection::OnEvents;assay::RequestParser::Parse;llhttp_execute"),
      "parse");
  EXPECT_EQ(CategoryOf(base + "assay::Endpoints::Respond;assay::CollatzEndpoint::Respond"),
            "handler");
  EXPECT_EQ(CategoryOf(base + "assay::JsonEndpoint::ResponseMessage;nlohmann::detail::x"),
            "serialise");
  EXPECT_EQ(CategoryOf(base + "assay::ZlibEndpoint::Compress;[l]deflate;[l]longest_match"),
            "compress");
  EXPECT_EQ(CategoryOf(base + "assay::Endpoints::Respond;[l]operator new;[c]malloc"), "allocate");
  EXPECT_EQ(CategoryOf(base + "assay::Connection::SendLast;[c]send;[k]tcp_sendmsg"), "send");
  EXPECT_EQ(CategoryOf(base + "assay::Acceptor::OnEvents;[c]accept4;[k]x"), "accept");
}

// As perf reports them on Linux 6.1.
TEST(CategoryProtoTest, SeparatesLoopbackDeliveryFromTheServer) {
  const std::string transmit =
      "[k]entry_SYSCALL_64_after_hwframe;[k]do_syscall_64;[k]tcp_sendmsg;[k]__tcp_transmit_skb;"
      "[k]ip_queue_xmit;[k]ip_finish_output2;";
  const std::string softirq =
      "[k]__local_bh_enable_ip;[k]do_softirq.part.0;[k]__do_softirq;[k]net_rx_action;"
      "[k]__napi_poll;";
  const std::string deliver =
      "[k]process_backlog;[k]ip_rcv;[k]tcp_v4_rcv;[k]sock_def_readable;[k]ep_poll_callback;"
      "[k]try_to_wake_up";
  const std::string send = "_start;main;[c]send;[k]__x64_sys_sendto;";
  EXPECT_EQ(CategoryOf(send + transmit + "[k]__dev_queue_xmit;[k]loopback_xmit"), "send");
  EXPECT_EQ(CategoryOf(send + transmit + "[k]__local_bh_enable_ip;[k]do_softirq.part.0"), "send");
  EXPECT_EQ(CategoryOf(send + transmit + softirq + deliver), "loopback delivery");
  EXPECT_EQ(CategoryOf(send + transmit + softirq), "loopback delivery");
  // The ACK that recv() sends, a delayed ACK that a timer sends while the server waits, a call without the C library.
  EXPECT_EQ(CategoryOf("main;[c]recv;[k]__x64_sys_recvfrom;[k]tcp_cleanup_rbuf;" + transmit +
                       softirq + deliver),
            "loopback delivery");
  const std::string timer = "[k]asm_sysvec_apic_timer_interrupt;[k]irq_exit_rcu;[k]__do_softirq;";
  EXPECT_EQ(CategoryOf("main;[c]epoll_wait;[k]schedule;" + timer +
                       "[k]net_rx_action;[k]__napi_poll;" + deliver),
            "loopback delivery");
  EXPECT_EQ(CategoryOf("main;[k]__x64_sys_writev;" + transmit + softirq + deliver),
            "loopback delivery");
  // Other work in the loop of the softirq.
  EXPECT_EQ(CategoryOf(send + timer + "[k]run_timer_softirq"), "send");
}

TEST(CategoryProtoTest, CountsANetworkCardsPacketsAsReceive) {
  const std::string interrupt = "[k]asm_common_interrupt;[k]irq_exit_rcu;[k]__do_softirq;";
  const std::string card =
      "[k]net_rx_action;[k]__napi_poll;[k]virtnet_poll;[k]receive_buf;"
      "[k]napi_gro_receive;[k]ip_rcv;[k]tcp_v4_rcv";
  for (const std::string& at :
       {std::string("main;loop;"), std::string("main;[c]epoll_wait;[k]schedule;"),
        std::string("main;[c]send;[k]__x64_sys_sendto;[k]tcp_sendmsg;")}) {
    EXPECT_EQ(CategoryOf(at + interrupt + card), "receive") << at;
    EXPECT_EQ(CategoryOf(at + interrupt + "[k]net_rx_action;[k]__napi_poll;[k]another_clean"),
              "receive")
        << at;
  }
  // The softirq of a network card may also run in the transmit path.
  EXPECT_EQ(CategoryOf("main;[c]send;[k]ip_finish_output2;[k]__local_bh_enable_ip;" + card),
            "receive");
  // Receive packet steering.
  EXPECT_EQ(CategoryOf("main;loop;[k]asm_sysvec_call_function_single;[k]__do_softirq;"
                       "[k]net_rx_action;[k]__napi_poll;[k]process_backlog;[k]ip_rcv"),
            "receive");
}

TEST(CategoryProtoTest, CategorisesTheStacksOfLibmicrohttpd) {
  const std::string base = "[c]clone3;[c]start_thread;[l]MHD_polling_thread;[l]MHD_epoll;";
  EXPECT_EQ(CategoryOf(base + "[c]epoll_wait;[k]do_syscall_64;[k]schedule"), "wait");
  EXPECT_EQ(CategoryOf(base + "[l]MHD_connection_handle_read;[c]recv"), "receive");
  EXPECT_EQ(CategoryOf(base + "[l]MHD_connection_handle_idle"), "scheduler");
  EXPECT_EQ(CategoryOf(base + "[l]MHD_connection_handle_idle;handle;respond;get_plaintext"),
            "handler");
  EXPECT_EQ(CategoryOf(base + "[l]MHD_connection_handle_idle;get_json;[l]json_dumps"), "serialise");
  EXPECT_EQ(CategoryOf(base + "[l]MHD_send_on_connection_;[c]sendmsg;[k]x"), "send");
}

// Linked from the archives of Debian's -dev packages, the internal functions of the libraries have names.
TEST(CategoryProtoTest, CategorisesTheInternalFunctionsOfLibmicrohttpd) {
  const std::string idle = "[c]clone3;MHD_polling_thread;MHD_epoll;MHD_connection_handle_idle;";
  EXPECT_EQ(CategoryOf(idle + "get_next_header_line"), "parse");
  EXPECT_EQ(CategoryOf(idle + "MHD_lookup_header_token_ci.constprop.0"), "parse");
  EXPECT_EQ(CategoryOf(idle + "build_header_response"), "send");
  EXPECT_EQ(CategoryOf(idle + "MHD_send_hdr_and_body_;post_send_setopt"), "send");
  EXPECT_EQ(CategoryOf(idle + "try_grow_read_buffer"), "receive");
  EXPECT_EQ(CategoryOf(idle + "MHD_add_response_header.part.0;add_response_entry"), "handler");
  EXPECT_EQ(CategoryOf("MHD_epoll;internal_add_connection.constprop.0"), "accept");
  EXPECT_EQ(CategoryOf(idle + "get_json;json_dumps;json_dump_callback"), "serialise");
}

TEST(CategoryProtoTest, CategorisesTheStacksOfHyper) {
  const std::string base = "_start;main;tokio::runtime::basic_scheduler::CoreGuard::block_on;";
  EXPECT_EQ(CategoryOf(base + "mio::poll::Poll::poll;[c]epoll_wait;[k]schedule"), "wait");
  EXPECT_EQ(CategoryOf(base), "scheduler");
  EXPECT_EQ(CategoryOf(base + "hyper::proto::h1::conn::Conn<I,B,T>::poll_read_head;httparse::x"),
            "parse");
  EXPECT_EQ(CategoryOf(base + "hyper::proto::h1::io::Buffered<T,B>::poll_flush;[c]__send"), "send");
  EXPECT_EQ(CategoryOf(base + "hyper_server::endpoints::respond"), "handler");
  EXPECT_EQ(CategoryOf(base + "hyper_server::endpoints::json;serde_json::ser::to_vec"),
            "serialise");
  EXPECT_EQ(CategoryOf(base + "[i]alloc::raw_vec::RawVec<T,A>::reserve;[c]realloc"), "allocate");
}

TEST(CategoryProtoTest, CategorisesTheStacksOfNginx) {
  const std::string base =
      "_start;main;ngx_master_process_cycle;ngx_worker_process_cycle;"
      "ngx_process_events_and_timers;ngx_epoll_process_events;";
  EXPECT_EQ(CategoryOf(base + "[c]epoll_wait"), "wait");
  EXPECT_EQ(CategoryOf(base), "scheduler");
  EXPECT_EQ(CategoryOf(base + "ngx_http_process_request_line;ngx_http_parse_request_line"),
            "parse");
  EXPECT_EQ(CategoryOf(base + "ngx_http_handler;ngx_http_core_run_phases"), "handler");
  EXPECT_EQ(CategoryOf(base + "ngx_http_write_filter;ngx_linux_sendfile_chain;[c]writev"), "send");
  EXPECT_EQ(CategoryOf(base + "ngx_event_accept;[c]accept4"), "accept");
  EXPECT_EQ(CategoryOf(base + "ngx_unix_recv;[c]recv"), "receive");
  EXPECT_EQ(CategoryOf(base + "ngx_create_pool"), "allocate");
}

TEST(CategoryProtoTest, AnUnknownStackIsOther) {
  EXPECT_EQ(CategoryOf("_start;main;mystery"), "other");
}

TEST(CategoryProtoTest, ReportsAnErrorWithItsLocation) {
  const absl::Status status =
      ParseCategoryRules("functions {\n  category: NOWHERE\n}", "rules.textproto").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("rules.textproto:2:"), std::string::npos) << status;
  EXPECT_EQ(ParseCategoryRules("functions { category: SEND }", "r").status().message(),
            "r: a rule of category \"send\" has no functions");
}

}  // namespace
}  // namespace assay
