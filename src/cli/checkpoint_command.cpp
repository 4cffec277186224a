#include <filesystem>
#include <memory>

#include "base/escape.hpp"
#include "cli/checkpoint_create.hpp"
#include "cli/checkpoint_show.hpp"
#include "cli/command.hpp"
#include "forebay/error.hpp"
#include "recovery/checkpoint_folder.hpp"

namespace forebay::cli {
namespace {

struct CheckpointArguments {
  std::string buffer;
  std::string folder;
  std::vector<std::string> files;
  bool verify = false;
  bool json = false;
};

std::filesystem::path folder_to_list(const CheckpointArguments& a, CommandContext& context) {
  if (!a.folder.empty()) {
    std::error_code error;
    if (!std::filesystem::is_directory(a.folder, error)) {
      throw Error(ErrorCode::usage, "cannot list " + printable(a.folder) + ": " +
                                        (error ? error.message() : "Not a directory") +
                                        "; name a folder of checkpoints");
    }
    return a.folder;
  }
  const Settings settings = context.start();
  return checkpoint_directory(settings.to_options().checkpoint_directory, settings.state_directory());
}

void add_checkpoint_command(CLI::App& app, const ChooseAction& choose) {
  CLI::App* checkpoint = app.add_subcommand(
      "checkpoint", "Write what is not at its destination yet to one file, and look into such files");
  checkpoint->require_subcommand(0, 1);
  checkpoint->footer(examples({"forebay checkpoint create", "forebay checkpoint list",
                               "forebay checkpoint inspect /srv/checkpoints/checkpoint-….db",
                               "forebay restore /srv/checkpoints/checkpoint-….db"}));
  auto a = std::make_shared<CheckpointArguments>();

  CLI::App* create = checkpoint->add_subcommand("create", "Write a checkpoint of each buffer, live or orphaned");
  create->add_option("--buffer", a->buffer, "Only of this one")->option_text("ID");
  create->add_flag("--json", a->json, "Print one JSON object");
  create->footer(examples({"forebay checkpoint create", "forebay checkpoint create --json"}));
  choose(*create, [a](CommandContext& context) { return create_checkpoints(context, a->buffer, a->json); });

  CLI::App* list = checkpoint->add_subcommand("list", "List the checkpoints of a folder, without reading them whole");
  list->add_option("FOLDER", a->folder, "Default: MEMORY_DB_CHECKPOINT_DIR, else checkpoints/ in the state directory");
  list->add_flag("--verify", a->verify, "Read each whole, and end with 4 when one is bad");
  list->add_flag("--json", a->json, "Print one JSON object");
  list->footer(examples({"forebay checkpoint list", "forebay checkpoint list --verify /mnt/copies"}));
  choose(*list, [a](CommandContext& context) {
    return list_checkpoint_folder(folder_to_list(*a, context), a->verify, a->json);
  });

  CLI::App* inspect = checkpoint->add_subcommand("inspect", "Verify a checkpoint and show what is in it");
  inspect->add_option("FILE", a->folder, "The checkpoint")->required();
  inspect->add_flag("--json", a->json, "Print one JSON object");
  inspect->footer(examples({"forebay checkpoint inspect checkpoint-….db"}));
  choose(*inspect, [a](CommandContext&) { return inspect_checkpoint(a->folder, a->json); });

  CLI::App* verify = checkpoint->add_subcommand("verify", "Read checkpoints whole; ends with 4 when one is bad");
  verify->add_option("FILE", a->files, "The checkpoints")->required();
  verify->add_flag("--json", a->json, "Print one JSON object");
  verify->footer(examples({"forebay checkpoint verify /mnt/copies/*.db"}));
  choose(*verify, [a](CommandContext&) { return verify_checkpoints(a->files, a->json); });
}

const CommandRegistration kCheckpoint(26, add_checkpoint_command);

}  // namespace
}  // namespace forebay::cli
