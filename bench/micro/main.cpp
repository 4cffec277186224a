// The micro-benchmarks, one file a subject; bench/run.sh runs them. Options are Google Benchmark's (--help).

#include <benchmark/benchmark.h>

#include <exception>
#include <iostream>

#include "micro/sinks.hpp"
#include "sqlite/process.hpp"

int main(int argc, char** argv) {
  try {
    forebay::sqlite_memory_statistics_off();  // as the command does; for the bare table, too
    bench::register_sinks();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "forebay_micro: " << e.what() << '\n';
    return 4;
  }
}
