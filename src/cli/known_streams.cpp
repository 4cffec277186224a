#include "cli/known_streams.hpp"

#include <set>

#include "base/text.hpp"
#include "cli/buffer_view.hpp"
#include "forebay/error.hpp"
#include "forebay/stream.hpp"
#include "quarantine/view.hpp"
#include "state/totals.hpp"

namespace forebay::cli {
namespace {

std::set<std::string> streams_of(const std::filesystem::path& state_directory) {
  std::set<std::string> names = {backup_files_stream().name, backup_sets_stream().name};
  for (const ListedBuffer& buffer : list_buffers(state_directory)) {
    try {
      names.merge(quarantine_streams(buffer.path));
    } catch (const Error&) {
      continue;  // whoever looks for its rows tells what is wrong
    }
  }

  try {
    for (const FinishedTotals& t : read_totals(state_directory)) names.insert(t.stream);
  } catch (const Error&) {
    // `forebay status` tells what is wrong.
  }
  names.erase("");
  return names;
}

}  // namespace

void check_stream(const std::filesystem::path& state_directory, const std::string& stream) {
  if (stream.empty()) return;
  std::set<std::string> names = streams_of(state_directory);
  if (names.contains(stream)) return;

  for (const BufferView& view : look_at_buffers(state_directory, {})) {
    const auto streams = view.fields.find("streams");
    if (streams == view.fields.end() || !streams->is_object()) continue;
    for (const auto& [name, counts] : streams->items()) names.insert(name);
  }
  if (names.contains(stream)) return;

  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + printable(name);
  throw Error(ErrorCode::usage, "--stream: there is no stream " + printable(stream) + " in " +
                                    state_directory.string() + "; there are " + known);
}

}  // namespace forebay::cli
