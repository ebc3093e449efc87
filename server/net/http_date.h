#ifndef ASSAY_SERVER_NET_HTTP_DATE_H_
#define ASSAY_SERVER_NET_HTTP_DATE_H_

#include <ctime>
#include <string_view>

namespace assay::server {

// The line "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110, 5.6.7), rebuilt when the second changes.
//
// Threads: none of its own; use one per event loop.
class HttpDate {
 public:
  HttpDate() { Refresh(0); }

  // `now` is UTC in seconds since 1970.
  void Refresh(std::time_t now) {
    if (now != written_for_) Write(now);
  }

  std::string_view line() const { return {line_, sizeof(line_)}; }

 private:
  void Write(std::time_t now);

  std::time_t written_for_ = -1;
  char line_[37];
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_DATE_H_
