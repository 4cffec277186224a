#include "cli/buffer_view.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <optional>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/private_path.hpp"
#include "base/text.hpp"
#include "control/socket_place.hpp"
#include "control/status_json.hpp"
#include "forebay/error.hpp"
#include "forebay/stream.hpp"

namespace forebay::cli {
using control::Answer;
using control::Json;
using control::Outcome;

namespace {

Json known_before(const ListedBuffer& buffer) {
  Json j = control::unknown_buffer();
  j["buffer"] = buffer.id;
  j["state"] = hands_of(buffer) == Hands::nobody ? "orphaned" : "live";
  j["adopted"] = buffer.adopted;
  j["problems"] = Json::array();
  if (buffer.holder > 0) j["pid"] = buffer.holder;

  if (!buffer.manifest) {
    if (!buffer.problem.empty()) j["problems"].push_back(buffer.problem);
    return j;
  }
  if (j["pid"].is_null()) j["pid"] = buffer.manifest->pid;

  j["durability"] = to_string(buffer.manifest->durability);
  j["destination"] = buffer.manifest->destination;
  if (!is_of_this_host(*buffer.manifest)) {
    j["problems"].push_back("it was written on host " + buffer.manifest->host + "; from here, only " +
                            recover_command(buffer) + " sends its rows");
  }
  return j;
}

/// A dead process's rows: what an adopter would find. What had landed before is not known here.
void add_left_rows(const ListedBuffer& buffer, Json& j) {
  const LeftRows left = read_left_rows(buffer);
  std::uint64_t pending = 0;
  std::uint64_t quarantined = 0;
  j["streams"] = Json::object();
  const auto of = [&j](const std::string& stream) -> Json& {
    Json& counts = j["streams"][stream];
    if (counts.is_null()) {
      counts = control::unknown_counts();
      counts["pending"] = 0;
      counts["quarantined"] = 0;
    }
    return counts;
  };
  for (const auto& [stream, rows] : left.rows) {
    of(stream)["pending"] = rows;
    if (stream != backup_sets_stream().name) pending += rows;
  }

  for (const auto& [stream, rows] : left.quarantined) {
    of(stream)["quarantined"] = rows;
    if (stream != backup_sets_stream().name) quarantined += rows;
  }
  j["pending"] = pending;
  if (!left.quarantine_of_another) j["quarantined"] = quarantined;  // else not known
  if (left.only_quarantined() && !buffer.in_use) j["state"] = "finished";
  j["memory_bytes"] = 0;
  j["disk_bytes"] = left.bytes;
  if (left.last_checkpoint_us) j["last_checkpoint_at"] = rfc3339_utc(*left.last_checkpoint_us);
  j["oldest_pending_seconds"] = left.oldest_us && !left.rows.empty() ? seconds_since(*left.oldest_us) : 0.0;
  const std::string checkpoint = left.last_checkpoint_us ? rfc3339_local(*left.last_checkpoint_us) : "there is none";
  if (left.end && left.end->lost() > 0) {
    j["problems"].push_back("it " + lost_at_end_text(*left.end) + ": lost, but for what its last checkpoint (" +
                            checkpoint + ") holds of them");
  } else if (left.only_to_checkpoint && !left.end && !buffer.in_use) {
    j["problems"].push_back("at level memory, and without an orderly end: what came after its last checkpoint (" +
                            checkpoint + ") is lost");
  }

  if (left.error && !left.error->message.empty()) {
    j["last_error"] = left.error->message;
    j["last_error_at"] = rfc3339_utc(left.error->at_us);
  }
  j["lost_failover"] = left.error ? left.error->missing_rows : 0;
  if (const std::string lost = control::lost_rows_line(j["lost_failover"]); !lost.empty()) {
    j["problems"].push_back(lost);
  }
  j["unreadable_journals"] = left.unreadable + left.damaged + left.set_aside;
  for (const std::string& finding : left.findings) j["problems"].push_back(finding);
}

BufferView unreached(const ListedBuffer& buffer, const Answer& answer) {
  BufferView view{buffer, known_before(buffer)};
  view.asked = answer.outcome != Outcome::absent;
  view.silent = answer.outcome == Outcome::silent;
  const std::string process = "process " + pid_text(buffer.holder);

  std::string why = answer.why;
  if (answer.outcome == Outcome::absent) {
    why = process + " has no control socket: it is just starting or ending, or could not or should not make one";
  } else if (answer.outcome == Outcome::silent) {
    why = process + " does not answer; it is stopped, or busy beyond measure";
  }

  view.fields["problems"].push_back(why);
  return view;
}

BufferView look_at_dead(const ListedBuffer& buffer) {
  BufferView view{buffer, known_before(buffer)};
  if (!buffer.in_use) {
    view.fields["destination_state"] = "unknown";
    view.fields["syncing"] = false;
    view.fields["paused"] = false;
  }
  add_left_rows(buffer, view.fields);
  return view;
}

/// Nothing when the buffer is gone by now.
std::optional<BufferView> look_at(const ListedBuffer& buffer, std::chrono::milliseconds silence_max) {
  if (hands_of(buffer) != Hands::maker) return look_at_dead(buffer);
  control::AskOptions options;
  options.silence_max = silence_max;
  const Answer answer = ask_maker(buffer, {}, options);

  if (answer.outcome == Outcome::answered && answer.result.value("buffer", "") == buffer.id) {
    BufferView view{buffer, known_before(buffer)};
    view.answers = true;
    view.fields.update(answer.result);
    return view;
  }

  // It may have ended since its folder was read.
  auto now = list_buffer(buffer.path);
  if (!now) return std::nullopt;
  return hands_of(*now) == Hands::maker ? unreached(*now, answer) : look_at_dead(*now);
}

}  // namespace

Hands hands_of(const ListedBuffer& buffer) {
  if (!buffer.in_use) return Hands::nobody;
  return buffer.adopted ? Hands::adopter : Hands::maker;
}

std::string recover_command(const ListedBuffer& buffer) {
  struct stat st {};
  if (::stat(buffer.path.c_str(), &st) == 0 && st.st_uid != ::geteuid()) return forebay_as(st.st_uid) + " recover";
  if (!buffer.manifest) return "forebay recover --to URL";
  return is_of_this_host(*buffer.manifest) ? "forebay recover" : "forebay recover --host " + buffer.manifest->host;
}

std::string pid_text(pid_t pid) { return pid > 0 ? std::to_string(pid) : "?"; }

Answer ask_maker(const ListedBuffer& buffer, const control::Request& request, const control::AskOptions& options) {
  struct stat st {};
  if (::stat(buffer.path.c_str(), &st) != 0) return {};
  return control::ask(control::find_socket(buffer.path), st.st_uid, request, options);
}

Answer ask_maker_patiently(const ListedBuffer& buffer, const control::Request& request,
                           const control::AskOptions& options) {
  Answer answer;
  soon([&] {
    answer = ask_maker(buffer, request, options);
    if (answer.outcome != Outcome::absent && answer.outcome != Outcome::ended) return true;
    const auto now = list_buffer(buffer.path);
    return !now || hands_of(*now) != Hands::maker || (options.give_up && options.give_up());
  });
  return answer;
}

std::vector<ListedBuffer> choose_buffers(const std::filesystem::path& state_directory, const std::string& only) {
  std::vector<ListedBuffer> buffers = list_buffers(state_directory);
  if (only.empty()) return buffers;
  std::erase_if(buffers, [&](const ListedBuffer& b) { return b.id != only; });
  if (!buffers.empty()) return buffers;
  throw Error(ErrorCode::usage, "there is no buffer " + printable(only) + " in " + state_directory.string() +
                                    "; `forebay status` lists those that are there");
}

void add_host_option(CommandSyntax& command, std::string& host) {
  command.option("--host", host, "As well what the host of this name wrote, whose processes have ended")
      .shown_as("NAME")
      .not_empty("a host");
}

void check_host(const std::filesystem::path& state_directory, const std::string& host) {
  if (host.empty()) return;
  for (const ListedBuffer& buffer : list_buffers(state_directory)) {
    if (buffer.manifest && buffer.manifest->host == host) return;
  }
  throw Error(ErrorCode::usage, "--host: no buffer in " + state_directory.string() + " was written on host " +
                                    printable(host) + "; forebay status names the hosts");
}

std::vector<BufferView> look_at_buffers(const std::filesystem::path& state_directory, const std::string& only,
                                        std::chrono::milliseconds silence_max) {
  std::vector<std::future<std::optional<BufferView>>> looking;
  for (ListedBuffer& buffer : choose_buffers(state_directory, only)) {
    // Only waiting for processes is worth a thread.
    const auto how = hands_of(buffer) == Hands::maker ? std::launch::async : std::launch::deferred;
    looking.push_back(std::async(how, look_at, std::move(buffer), silence_max));
  }

  std::vector<BufferView> views;
  for (auto& look : looking) {
    if (auto view = look.get()) views.push_back(std::move(*view));
  }
  return views;
}

}  // namespace forebay::cli
