#include "proto/convert/response_counts_proto.h"

namespace assay {

void ToProto(const ResponseCounts& counts, ResponseTimeline* proto) {
  const ResponseCounts::Parts parts = counts.ToParts();
  proto->Clear();
  proto->set_begin_ns(parts.begin_ns);
  proto->set_width_ns(parts.width_ns);
  proto->mutable_count()->Add(parts.count.begin(), parts.count.end());
  proto->set_known_until_ns(parts.known_until_ns);
}

ResponseCounts::Parts FromProto(const ResponseTimeline& proto) {
  return {.begin_ns = proto.begin_ns(),
          .width_ns = proto.width_ns(),
          .count = {proto.count().begin(), proto.count().end()},
          .known_until_ns = proto.known_until_ns()};
}

}  // namespace assay
