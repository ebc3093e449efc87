#include "controller/store/engine/row_hash.h"

#include <cstring>

#include "common/sha256.h"

namespace assay::controller {
namespace {

template <typename Number>
void Append(Number number, std::string& bytes) {
  char raw[sizeof(number)];
  std::memcpy(raw, &number, sizeof(number));
  bytes.append(raw, sizeof(number));
}

}  // namespace

RowHash& RowHash::Int(int64_t value) {
  bytes_.push_back(static_cast<char>(ValueType::kInteger));
  Append(value, bytes_);
  return *this;
}

RowHash& RowHash::Double(double value) {
  bytes_.push_back(static_cast<char>(ValueType::kReal));
  Append(value, bytes_);
  return *this;
}

void RowHash::Bytes(ValueType type, std::string_view value) {
  bytes_.push_back(static_cast<char>(type));
  Append(static_cast<int64_t>(value.size()), bytes_);
  bytes_.append(value);
}

RowHash& RowHash::Text(std::string_view value) {
  Bytes(ValueType::kText, value);
  return *this;
}

RowHash& RowHash::Blob(std::string_view value) {
  Bytes(ValueType::kBlob, value);
  return *this;
}

RowHash& RowHash::Null() {
  bytes_.push_back(static_cast<char>(ValueType::kNull));
  return *this;
}

RowHash& RowHash::Column(const Statement& row, int column) {
  switch (row.TypeOf(column)) {
    case ValueType::kInteger:
      return Int(row.Int(column));
    case ValueType::kReal:
      return Double(row.Double(column));
    case ValueType::kText:
      return Text(row.View(column));
    case ValueType::kBlob:
      return Blob(row.View(column));
    case ValueType::kNull:
      break;
  }
  return Null();
}

std::string RowHash::Sha256() const { return assay::Sha256(bytes_); }

std::string HashOf(const Statement& row, int first, int count) {
  RowHash hash;
  for (int column = first; column < first + count; ++column) hash.Column(row, column);
  return hash.Sha256();
}

bool IsSound(const Statement& row, int hash, int first, int count) {
  return row.IsNull(hash) || row.View(hash) == HashOf(row, first, count);
}

}  // namespace assay::controller
