#include <filesystem>
#include <memory>

#include "base/text.hpp"
#include "checkpoint/folder.hpp"
#include "cli/command.hpp"
#include "cli/commands/checkpoint_create.hpp"
#include "cli/commands/checkpoint_show.hpp"
#include "forebay/error.hpp"

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

void add_checkpoint_command(CommandSyntax& app) {
  CommandSyntax checkpoint =
      app.subcommand("checkpoint", "Write what is not at its destination yet to one file, and look into such files");
  checkpoint.examples({"forebay checkpoint create", "forebay checkpoint list",
                       "forebay checkpoint inspect /srv/checkpoints/checkpoint-….db",
                       "forebay restore /srv/checkpoints/checkpoint-….db"});
  auto a = std::make_shared<CheckpointArguments>();

  CommandSyntax create = checkpoint.subcommand("create", "Write a checkpoint of each buffer, live or orphaned");
  create.option("--buffer", a->buffer, "Only of this one").shown_as("ID");
  create.flag("--json", a->json, "Print one JSON object");
  create.examples({"forebay checkpoint create", "forebay checkpoint create --json"});
  create.exit_statuses("0 every buffer has one · 2 wrong usage · 4 one has none, or its checkpoint lacks rows");
  create.action([a](CommandContext& context) { return create_checkpoints(context, a->buffer, a->json); });

  CommandSyntax list = checkpoint.subcommand("list", "List the checkpoints of a folder, without reading them whole");
  list.option("FOLDER", a->folder, "Default: MEMORY_DB_CHECKPOINT_DIR, else checkpoints/ in the state directory");
  list.flag("--verify", a->verify, "Read each whole, and end with 4 when one is bad");
  list.flag("--json", a->json, "Print one JSON object");
  list.examples({"forebay checkpoint list", "forebay checkpoint list --verify /mnt/copies"});
  list.action(
      [a](CommandContext& context) { return list_checkpoint_folder(folder_to_list(*a, context), a->verify, a->json); });

  CommandSyntax inspect = checkpoint.subcommand("inspect", "Verify a checkpoint and show what is in it");
  inspect.option("FILE", a->folder, "The checkpoint").required();
  inspect.flag("--json", a->json, "Print one JSON object");
  inspect.examples({"forebay checkpoint inspect checkpoint-….db"});
  inspect.action([a](CommandContext&) { return inspect_checkpoint(a->folder, a->json); });

  CommandSyntax verify = checkpoint.subcommand("verify", "Read checkpoints whole; ends with 4 when one is bad");
  verify.option("FILE", a->files, "The checkpoints").required();
  verify.flag("--json", a->json, "Print one JSON object");
  verify.examples({"forebay checkpoint verify /mnt/copies/*.db"});
  verify.exit_statuses("0 all are good · 2 wrong usage · 4 one is bad");
  verify.action([a](CommandContext&) { return verify_checkpoints(a->files, a->json); });
}

const CommandRegistration kCheckpoint(26, add_checkpoint_command);

}  // namespace
}  // namespace forebay::cli
