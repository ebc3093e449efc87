#ifndef ASSAY_COMMON_TESTING_BLOCKING_SERVER_H_
#define ASSAY_COMMON_TESTING_BLOCKING_SERVER_H_

#include <functional>
#include <string>

namespace assay {

// The plainest of servers, a thread a connection, for programs that tests start as targets.

// Listens on 127.0.0.1:port. Ends the program with status 1, and says why, where it cannot.
int ListenOnLoopback(int port, int backlog);

// Answers each request without a body that comes over `fd` with what `answer` makes of its head, one after the other,
// until the client is gone. Closes nothing.
void ServeBlocking(int fd, const std::function<std::string(const std::string& head)>& response);

// "HTTP/1.1 STATUS", such as "200 OK", with a text as its body.
std::string PlainResponse(const std::string& status, const std::string& body);

}  // namespace assay

#endif  // ASSAY_COMMON_TESTING_BLOCKING_SERVER_H_
