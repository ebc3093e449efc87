#include "controller/export/pprof_file.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "proto/pprof.pb.h"

namespace assay::controller {
namespace {

// For deflateInit2(): the largest window, with gzip's header instead of zlib's.
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;

absl::StatusOr<std::string> Gzip(const std::string& plain) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return absl::InternalError("zlib cannot compress a profile: out of memory?");
  }
  std::string compressed(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int result = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END)
    return absl::InternalError("zlib did not finish compressing a profile");
  return compressed;
}

class Writer {
 public:
  explicit Writer(const StackProfile& profile) : profile_(profile) { String(""); }

  pprof::Profile Write(const PprofFacts& facts) {
    has_off_cpu_ = profile_.total(StackTime::kOffCpu).samples > 0;
    AddType("samples", "count");
    AddType("cpu", "nanoseconds");
    if (has_off_cpu_) {
      AddType("off_cpu_samples", "count");
      AddType("off_cpu", "nanoseconds");
    }
    AddMappings();
    for (uint32_t i = 0; i < profile_.nodes().size(); ++i) AddSample(i);
    proto_.set_time_nanos(facts.start_unix_ns);
    proto_.set_duration_nanos(facts.duration_ns);
    if (facts.frequency_hz > 0) {
      proto_.mutable_period_type()->set_type(String("cpu"));
      proto_.mutable_period_type()->set_unit(String("nanoseconds"));
      proto_.set_period(1'000'000'000 / facts.frequency_hz);
    }
    for (const std::string& comment : facts.comments) proto_.add_comment(String(comment));
    proto_.set_default_sample_type(String("cpu"));
    return std::move(proto_);
  }

 private:
  int64_t String(const std::string& text) {
    const auto [entry, added] = strings_.try_emplace(text, proto_.string_table_size());
    if (added) proto_.add_string_table(text);
    return entry->second;
  }

  void AddType(const std::string& type, const std::string& unit) {
    pprof::ValueType* value = proto_.add_sample_type();
    value->set_type(String(type));
    value->set_unit(String(unit));
  }

  // pprof shows the first mapping as the program.
  void AddMappings() {
    std::vector<FrameKind> kinds(profile_.mappings().size());
    for (const StackFrame& frame : profile_.frames()) {
      if (frame.mapping > 0) kinds[frame.mapping - 1] = frame.kind;
    }
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < kinds.size(); ++i) order.push_back(i);
    std::stable_partition(order.begin(), order.end(),
                          [&kinds](uint32_t i) { return kinds[i] == FrameKind::kProgram; });
    mapping_ids_.resize(order.size());
    for (const uint32_t i : order) {
      const StackMapping& mapping = profile_.mappings()[i];
      pprof::Mapping* proto = proto_.add_mapping();
      mapping_ids_[i] = static_cast<uint64_t>(proto_.mapping_size());
      proto->set_id(mapping_ids_[i]);
      proto->set_filename(String(profile_.strings()[mapping.file]));
      proto->set_build_id(String(profile_.strings()[mapping.build_id]));
      // The symbols are complete, so pprof need not look for the file.
      proto->set_has_functions(true);
      proto->set_has_filenames(true);
      proto->set_has_line_numbers(true);
      proto->set_has_inline_frames(true);
    }
  }

  uint64_t Function(const StackFrame& frame) {
    const auto [entry, added] =
        functions_.try_emplace({frame.function, frame.file}, functions_.size() + 1);
    if (added) {
      pprof::Function* proto = proto_.add_function();
      proto->set_id(entry->second);
      proto->set_name(String(profile_.FunctionOf(frame)));
      proto->set_system_name(proto->name());
      proto->set_filename(String(profile_.strings()[frame.file]));
    }
    return entry->second;
  }

  // Frames at one address, the innermost first. The last one is not inlined, unless it is outermost.
  uint64_t Location(const std::vector<uint32_t>& frames) {
    const auto [entry, added] = locations_.try_emplace(frames, locations_.size() + 1);
    if (added) {
      const StackFrame& outer = profile_.frames()[frames.back()];
      pprof::Location* proto = proto_.add_location();
      proto->set_id(entry->second);
      if (outer.mapping > 0) proto->set_mapping_id(mapping_ids_[outer.mapping - 1]);
      proto->set_address(outer.address);
      for (const uint32_t number : frames) {
        const StackFrame& frame = profile_.frames()[number];
        const uint64_t function = Function(frame);
        pprof::Line* line = proto->add_line();
        line->set_function_id(function);
        line->set_line(frame.line);
      }
    }
    return entry->second;
  }

  void AddSample(uint32_t number) {
    const StackNode& node = profile_.nodes()[number];
    if (node.on_cpu.samples == 0 && node.off_cpu.samples == 0) return;
    pprof::Sample* sample = proto_.add_sample();
    std::vector<uint32_t> frames;
    for (uint32_t at = number + 1; at > 0; at = profile_.nodes()[at - 1].parent) {
      const uint32_t frame = profile_.nodes()[at - 1].frame;
      frames.push_back(frame);
      if (profile_.frames()[frame].inlined && profile_.nodes()[at - 1].parent > 0) continue;
      sample->add_location_id(Location(frames));
      frames.clear();
    }
    sample->add_value(static_cast<int64_t>(node.on_cpu.samples));
    sample->add_value(static_cast<int64_t>(node.on_cpu.ns));
    if (!has_off_cpu_) return;
    sample->add_value(static_cast<int64_t>(node.off_cpu.samples));
    sample->add_value(static_cast<int64_t>(node.off_cpu.ns));
  }

  const StackProfile& profile_;
  pprof::Profile proto_;
  bool has_off_cpu_ = false;
  absl::flat_hash_map<std::string, int64_t> strings_;
  std::vector<uint64_t> mapping_ids_;
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, uint64_t> functions_;
  absl::flat_hash_map<std::vector<uint32_t>, uint64_t> locations_;
};

}  // namespace

absl::StatusOr<std::string> PprofFile(const StackProfile& profile, const PprofFacts& facts) {
  return Gzip(Writer(profile).Write(facts).SerializeAsString());
}

}  // namespace assay::controller
