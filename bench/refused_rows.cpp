// Brings rows of backup_files to the database of DATABASE_URL through a sink alone, one in EVERY of them with a
// negative size (0: none), and prints what that took as JSON. See bench/refused_rows.sh.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "base/row_set.hpp"
#include "engine/destination.hpp"
#include "forebay/file_record.hpp"
#include "sink/sink.hpp"

namespace {

using forebay::ColumnType;
using forebay::Value;

constexpr std::uint64_t kBatchRows = 50'000;

Value value_of(const forebay::Column& column, std::uint64_t row, bool bad, const std::string& path) {
  if (column.name == "backup_set_id") return Value::integer(1);
  if (column.name == "file_path" || column.name == "file_name") return Value::text(path);
  if (column.name == "file_size") return Value::integer(bad ? -1 : static_cast<std::int64_t>(row));
  if (column.name == "full_path") return {};
  switch (column.type) {
    case ColumnType::integer:
      return Value::integer(420);
    case ColumnType::timestamp:
      return Value::timestamp(1'700'000'000'000'000 + static_cast<std::int64_t>(row));
    case ColumnType::text:
      return Value::text(column.name == "file_type" ? "file" : "somebody");
    default:
      return {};
  }
}

forebay::BatchRange range_of(const forebay::Stream& stream, std::uint64_t first, std::uint64_t rows,
                             std::uint64_t every) {
  auto set = std::make_shared<forebay::RowSet>(stream.columns.size());
  set->reserve(rows);
  for (std::uint64_t row = first; row < first + rows; ++row) {
    const std::string path = "/usr/share/doc/a-package-of-some-name/examples/file-" + std::to_string(10'000'000 + row);
    set->begin_row(row - first + 1, static_cast<std::int64_t>(row) + 1);
    const bool bad = every != 0 && row % every == every / 2;
    for (const forebay::Column& column : stream.columns) set->push(value_of(column, row, bad, path));
  }
  return {"bench", first / kBatchRows + 1, 1, rows, false, &stream, set};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: forebay_refused_rows ROWS EVERY\n";
    return 2;
  }
  const std::uint64_t rows = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t every = std::strtoull(argv[2], nullptr, 10);
  const char* url = std::getenv("DATABASE_URL");
  const auto destination = forebay::make_destination(url != nullptr ? url : "", {});
  const forebay::Stream& stream = forebay::backup_files_stream();
  const auto sink = destination->make_sink({&stream});
  if (const auto failure = sink->open()) {
    std::cerr << failure->message << '\n';
    return 4;
  }
  std::uint64_t synced = 0;
  std::uint64_t kept = 0;
  std::chrono::duration<double> took{};
  for (std::uint64_t first = 0; first < rows; first += kBatchRows) {
    forebay::Batch batch(forebay::Reason::batch_size_reached,
                         {range_of(stream, first, std::min(kBatchRows, rows - first), every)});
    const auto start = std::chrono::steady_clock::now();
    const forebay::WriteOutcome outcome = sink->write(
        batch, [&](const forebay::Batch&, const std::vector<forebay::RefusedRow>& refused) { kept += refused.size(); });
    took += std::chrono::steady_clock::now() - start;
    if (const auto* failure = std::get_if<forebay::Failure>(&outcome)) {
      std::cerr << failure->message << '\n';
      return 4;
    }
    synced += std::get<forebay::Written>(outcome).ranges[0].synced;
  }
  std::cout << nlohmann::json{{"seconds", took.count()}, {"synced", synced}, {"quarantined", kept}}.dump() << '\n';
  return 0;
}
