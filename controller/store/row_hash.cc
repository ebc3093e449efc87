#include "controller/store/row_hash.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/sha256.h"

namespace assay::controller {
namespace {

template <typename Number>
void Append(Number number, std::string& bytes) {
  char raw[sizeof(number)];
  std::memcpy(raw, &number, sizeof(number));
  bytes.append(raw, sizeof(number));
}

void RowSha256(sqlite3_context* context, int count, sqlite3_value** values) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    const int type = sqlite3_value_type(values[i]);
    bytes.push_back(static_cast<char>(type));
    if (type == SQLITE_INTEGER) {
      Append(int64_t{sqlite3_value_int64(values[i])}, bytes);
    } else if (type == SQLITE_FLOAT) {
      Append(sqlite3_value_double(values[i]), bytes);
    } else if (type != SQLITE_NULL) {
      const auto* data = static_cast<const char*>(sqlite3_value_blob(values[i]));
      const int size = sqlite3_value_bytes(values[i]);
      Append(int64_t{size}, bytes);
      if (data != nullptr) bytes.append(data, static_cast<size_t>(size));
    }
  }
  const std::string digest = Sha256(bytes);
  sqlite3_result_blob64(context, digest.data(), digest.size(), SQLITE_TRANSIENT);
}

}  // namespace

int AddRowHashFunction(sqlite3* connection) {
  return sqlite3_create_function(connection, "row_sha256", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                 nullptr, &RowSha256, nullptr, nullptr);
}

std::string IsSound(std::string_view hash, std::string_view column) {
  const std::string name(column);
  return absl::StrCat("(", name, " IS NULL OR ", name, " = ", std::string(hash), ")");
}

}  // namespace assay::controller
