#include "forebay/recover.hpp"

#include <system_error>
#include <utility>

#include "config/locations.hpp"
#include "engine/buffer_core.hpp"
#include "engine/destination.hpp"

namespace forebay {

SyncOutcome RecoverResult::outcome() const {
  const std::uint64_t left = status.recovered.pending + status.buffers_in_doubt + status.buffers_of_other_hosts;
  const Counts all = status.total();
  // Of a damaged journal it may not be known how many rows are lost.
  const std::uint64_t lost = status.missing_rows + all.lost - all.dropped + status.damaged_journals;
  return outcome_of(left == 0, all.quarantined + status.quarantined_before + status.quarantined_left + lost);
}

RecoverResult recover(RecoverOptions what) {
  Options& options = what.options;
  options.recover = true;
  options.buffered = true;
  options.send = true;
  if (options.state_directory.empty()) options.state_directory = default_state_directory();

  RecoverResult result;
  std::error_code ignored;
  if (!std::filesystem::exists(options.state_directory, ignored)) {
    // Perhaps for a slip in its name: to make it would hide that.
    const DestinationUrl url = choose_destination(options.destination, options.state_directory).url;
    result.sync.settled = true;
    result.status.destination = make_destination(url, {})->description();
    result.status.state_directory = options.state_directory.string();
    return result;
  }

  BufferCore core(options, &what);
  result.sync = core.stop(std::nullopt, what.give_up);
  result.status = core.status();
  return result;
}

}  // namespace forebay
