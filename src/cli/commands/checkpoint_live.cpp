#include "cli/commands/checkpoint_live.hpp"

#include <future>
#include <map>
#include <utility>

#include "cli/buffer_view.hpp"
#include "control/client.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

/// Nothing when the process has ended meanwhile: what it left, if anything, is an orphan's.
std::optional<CreatedCheckpoint> create_of_one(const ListedBuffer& buffer) {
  CreatedCheckpoint created;
  created.buffer = buffer.id;
  created.live = true;
  if (buffer.holder > 0) created.process = buffer.holder;

  control::AskOptions options;
  options.silence_max = kWorkSilenceMax;
  control::Request request;
  request.command = control::Command::create_checkpoint;
  const control::Answer answer = ask_maker_patiently(buffer, request, options);
  if (answer.outcome == control::Outcome::answered) {
    created.file = answer.result.value("path", "");
    created.rows = answer.result.value("rows", std::uint64_t{0});
    created.bytes = answer.result.value("bytes", std::uint64_t{0});
    return created;
  }

  const auto now = list_buffer(buffer.path);
  if (!now || hands_of(*now) == Hands::nobody) return std::nullopt;
  created.problem = answer.why;
  return created;
}

}  // namespace

std::vector<CreatedCheckpoint> create_of_live(const std::filesystem::path& state_directory, const std::string& buffer) {
  std::vector<std::future<std::optional<CreatedCheckpoint>>> creating;
  std::vector<ListedBuffer> adopted;
  for (ListedBuffer& listed : list_buffers(state_directory)) {
    if (!buffer.empty() && listed.id != buffer) continue;
    const Hands hands = hands_of(listed);
    if (hands == Hands::maker) {
      creating.push_back(std::async(std::launch::async, create_of_one, std::move(listed)));
    } else if (hands == Hands::adopter) {
      adopted.push_back(std::move(listed));
    }
  }

  std::vector<CreatedCheckpoint> all;
  std::map<int, bool> written_by;
  for (auto& future : creating) {
    auto created = future.get();
    if (!created) continue;
    if (created->process) written_by[*created->process] = created->problem.empty();
    all.push_back(std::move(*created));
  }

  for (const ListedBuffer& listed : adopted) {
    if (written_by[listed.holder]) continue;  // an adopter's checkpoint holds what it adopted, too
    if (!list_buffer(listed.path)) continue;
    CreatedCheckpoint created;
    created.buffer = listed.id;
    created.live = true;
    if (listed.holder > 0) created.process = listed.holder;
    created.problem = "process " + pid_text(listed.holder) + " is sending what it holds; try again when that has ended";
    all.push_back(std::move(created));
  }
  return all;
}

}  // namespace forebay::cli
