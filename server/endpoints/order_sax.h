#ifndef ASSAY_SERVER_ENDPOINTS_ORDER_SAX_H_
#define ASSAY_SERVER_ENDPOINTS_ORDER_SAX_H_

#include <string>
#include <string_view>

#include "server/endpoints/order_totals.h"

namespace assay::server {

// Reads the body of POST /json with nlohmann's SAX interface, and writes its totals between OrderTotals::Begin() and
// End(). The contract: id, price and qty are integers in 64 bits, name is a string; unknown keys are ignored; if a key
// is repeated, "items" included, the last one counts.
//
// Returns the error in the body as a sentence; empty if the body is valid. Then call End() on `totals`.
std::string ReadOrderBySax(std::string_view json, OrderTotals& totals);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ORDER_SAX_H_
