#pragma once

#include <cstdint>
#include <string>

namespace forebay::crash {

struct SoakOptions {
  std::string level = "process";
  std::string destination = "sqlite";  // or postgres: DATABASE_URL
  std::string folder;                  // where state and logs go while it runs; empty: the temporary directory
  std::uint64_t runs = 100;
  std::uint64_t seed = 0;  // 0: drawn
  std::uint64_t jobs = 1;
  bool json = false;
};

/// Runs rounds with seeds seed, seed + 1, …; prints progress and a table. 0 when the oracle had nothing to report.
int run_soak(const SoakOptions& options, const std::string& program);

}  // namespace forebay::crash
