#ifndef ASSAY_COMMON_TESTING_BLOCKING_SERVER_H_
#define ASSAY_COMMON_TESTING_BLOCKING_SERVER_H_

#include <functional>
#include <string>

namespace assay {

// A minimal server with one thread per connection, for programs that tests start as targets.

// Listens on 127.0.0.1:port. On failure prints the reason and ends the program with status 1.
int ListenOnLoopback(int port, int backlog);

// Handles the requests (without a body) that arrive on `fd`, one after the other, until the client closes. Sends for
// each what `answer` makes of its head. Closes nothing.
void ServeBlocking(int fd, const std::function<std::string(const std::string& head)>& response);

// A response "HTTP/1.1 STATUS", such as "200 OK", with a text as its body.
std::string PlainResponse(const std::string& status, const std::string& body);

}  // namespace assay

#endif  // ASSAY_COMMON_TESTING_BLOCKING_SERVER_H_
