#include "cli/commands/checkpoint_create.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/human.hpp"
#include "base/text.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/hook.hpp"
#include "checkpoint/orphan.hpp"
#include "checkpoint/retention.hpp"
#include "cli/commands/checkpoint_live.hpp"
#include "cli/json_output.hpp"
#include "cli/logging.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

namespace fs = std::filesystem;

void run_hook(const fs::path& hook, const std::string& file) {
  if (hook.empty()) return;
  const HookResult result = run_checkpoint_hook(
      hook, file, [](std::string_view line) { log_line(LogLevel::info, "checkpoint hook: " + std::string(line)); });
  if (!result.succeeded) log_line(LogLevel::warning, result.problem);
}

void keep_within_bounds(const fs::path& folder, const Options& options, const std::string& just_verified) {
  CheckpointRetention retention(folder, options.checkpoint_retention);
  retention.note_good(just_verified);
  for (const fs::path& gone : retention.apply()) {
    log_line(LogLevel::info, "checkpoint removed " + gone.string() + ": nothing needs it any more");
  }
}

CreatedCheckpoint create_of_orphan(const BufferFolder& folder, const fs::path& state, const Options& options) {
  CreatedCheckpoint created;
  created.buffer = folder.manifest.buffer;
  try {
    const fs::path checkpoints = checkpoint_directory(options.checkpoint_directory, state);
    const OrphanCheckpoint orphan = checkpoint_of_orphan(folder, state, checkpoints);
    for (const std::string& finding : orphan.findings) log_line(LogLevel::warning, finding);
    if (orphan.incomplete) created.problem = orphan.findings.back();
    if (!orphan.file) return created;

    created.file = orphan.file->path;
    created.rows = orphan.file->rows;
    created.bytes = orphan.file->bytes;
    log_line(LogLevel::info, "checkpoint created " + created.file + " (" + counted(created.rows, "row, ", "rows, ") +
                                 human_bytes(created.bytes) + ")");
    run_hook(options.checkpoint_hook, created.file);
    keep_within_bounds(checkpoints, options, created.file);
  } catch (const Error& e) {
    created.problem = e.what();
  }
  return created;
}

/// Each orphan is locked alone, for as long as it takes: others may be adopted meanwhile.
std::vector<CreatedCheckpoint> create_of_orphans(const fs::path& state, const std::string& buffer,
                                                 const Options& options) {
  std::vector<CreatedCheckpoint> all;
  const StateDirectory directory(state);
  StateDirectory::Wanted wanted;
  wanted.any_destination = true;
  wanted.buffer = buffer;

  std::vector<std::string> names;
  for (const BufferFolder& orphan : directory.lock_orphans(wanted).locked) {
    names.push_back(orphan.path.filename().string());
  }

  for (const std::string& name : names) {
    wanted.buffer = name;
    for (const BufferFolder& orphan : directory.lock_orphans(wanted).locked) {
      all.push_back(create_of_orphan(orphan, directory.path(), options));
    }
  }
  return all;
}

void print_json(const std::vector<CreatedCheckpoint>& all) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const CreatedCheckpoint& c : all) {
    list.push_back({{"buffer", c.buffer},
                    {"state", c.live ? "live" : "orphaned"},
                    {"file", c.file},
                    {"rows", c.rows},
                    {"bytes", c.bytes},
                    {"problem", c.problem}});
  }
  const nlohmann::ordered_json j = {{"checkpoints", std::move(list)}};
  std::cout << json_text(j) << '\n';
}

}  // namespace

int create_checkpoints(CommandContext& context, const std::string& buffer, bool json) {
  const Settings settings = context.start();
  const Options options = settings.to_options();
  const fs::path state = settings.state_directory();

  std::vector<CreatedCheckpoint> all;
  std::error_code unknown;  // where it cannot be told, the listing tells why
  if (fs::exists(state / "buffers", unknown) || unknown) {
    all = create_of_live(state, buffer);
    for (CreatedCheckpoint& c : create_of_orphans(state, buffer, options)) all.push_back(std::move(c));
  }
  if (all.empty() && !buffer.empty()) {
    throw Error(ErrorCode::usage, "there is no buffer " + buffer + " in " + state.string() + " that could be read");
  }

  if (json) print_json(all);
  bool well = true;
  bool any = false;
  for (const CreatedCheckpoint& c : all) {
    any = any || !c.file.empty();
    if (!json && !c.file.empty()) std::cout << safe_line(c.file) << '\n';
    if (c.problem.empty()) continue;
    well = false;
    report_failure((c.file.empty() ? "no checkpoint of buffer " : "the checkpoint lacks rows of buffer ") + c.buffer +
                   ": " + c.problem);
  }

  if (!json && !any && well) {
    std::cout << "nothing to write to a checkpoint: no buffer in " << safe_line(state.string())
              << " holds rows that are not at their destination\n";
  }
  return well ? kDone : kLocalFailure;
}

}  // namespace forebay::cli
