// forebay_crash: the crash harness of docs/crash-testing.md. `produce` and `recover` are the processes under test,
// `soak` is the oracle that starts, kills and judges them.

#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <iostream>

#include "crash/produce.hpp"
#include "crash/soak.hpp"

using namespace forebay::crash;

namespace {

template <typename Options>
void declare(CLI::App& command, Options& options) {
  options.visit([&](const char* name, auto& field) { command.add_option("--" + std::string(name), field); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Kills forebay and judges what is left");
  app.require_subcommand(1);
  ProduceOptions produce;
  CLI::App* produce_command = app.add_subcommand("produce", "The process under test: adds rows, and is killed");
  declare(*produce_command, produce);
  ProcessOptions recover;
  CLI::App* recover_command = app.add_subcommand("recover", "The process under test: adopts what another one left");
  declare(*recover_command, recover);
  SoakOptions soak;
  CLI::App* soak_command = app.add_subcommand("soak", "Many rounds, and a table of them");
  soak_command->add_option("--runs", soak.runs, "Rounds")->check(CLI::PositiveNumber);
  soak_command->add_option("--level", soak.level)->check(CLI::IsMember({"memory", "process", "power"}));
  soak_command->add_option("--destination", soak.destination)->check(CLI::IsMember({"postgres", "sqlite"}));
  soak_command->add_option("--seed", soak.seed, "Of the first round; the next ones count up. 0: drawn");
  soak_command->add_option("--jobs", soak.jobs, "Rounds at once")->check(CLI::PositiveNumber);
  soak_command->add_option("--folder", soak.folder, "Where state and logs are kept meanwhile");
  soak_command->add_flag("--json", soak.json, "Print one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);
  // A producer's exception in another thread ends the process as it would end a host program; ours are told here.
  try {
    if (produce_command->parsed()) return run_produce(produce);
    if (recover_command->parsed()) return run_recover(recover);
    return run_soak(soak, std::filesystem::read_symlink("/proc/self/exe").string());
  } catch (const std::exception& e) {
    std::cerr << "forebay_crash: " << e.what() << "\n";
    return 4;
  }
}
