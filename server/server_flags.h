#ifndef ASSAY_SERVER_SERVER_FLAGS_H_
#define ASSAY_SERVER_SERVER_FLAGS_H_

#include <ostream>

#include "server/net/server_options.h"

namespace assay::server {

// Reads the command line of `server` into `options`, whose values are the defaults. Returns kGoOn,
// or the exit status, as ParseCommandLine() does.
int ParseServerFlags(int argc, char** argv, ServerOptions& options, std::ostream& out,
                     std::ostream& err);

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVER_FLAGS_H_
