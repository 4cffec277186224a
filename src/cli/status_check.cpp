#include "cli/status_check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <iostream>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/view_fields.hpp"

namespace forebay::cli {
namespace {

/// Of each gravity, to be named in the line; monitoring cuts long ones.
constexpr std::size_t kNamedMax = 3;

std::uint64_t sum_of(const control::Json& fields, const char* count) {
  std::uint64_t sum = 0;
  if (const auto streams = fields.find("streams"); streams != fields.end() && streams->is_object()) {
    for (const auto& [name, counts] : streams->items()) sum += number_field(counts, count).value_or(0);
  }
  if (const auto recovered = fields.find("recovered"); recovered != fields.end() && recovered->is_object()) {
    sum += number_field(*recovered, count).value_or(0);
  }
  return sum;
}

/// Since its folder was last written to: the last sign of life of a process that does not answer.
double silent_s(const ListedBuffer& buffer) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::file_time_type newest = fs::last_write_time(buffer.path, error);
  if (error) return 0;  // not known: what waits in its journals counts, and that it does not answer is said
  for (const auto& entry : fs::directory_iterator(buffer.path, error)) {
    std::error_code ignored;
    const auto written = entry.last_write_time(ignored);
    if (!ignored) newest = std::max(newest, written);
  }
  return std::max(0.0, Seconds(fs::file_time_type::clock::now() - newest).count());
}

class Judge {
 public:
  explicit Judge(std::chrono::seconds max_wait) : max_wait_(max_wait) {}

  void look_at(const BufferView& b) {
    const Hands hands = hands_of(b.listed);
    const bool finished = text_field(b.fields, "state") == "finished";
    ++(hands != Hands::nobody ? live_ : finished ? finished_ : orphans_);

    const bool unreached = hands == Hands::maker && !b.answers;
    const LeftRows left = unreached ? read_left_rows(b.listed) : LeftRows();
    std::uint64_t pending = unreached ? left.all() : sum_of(b.fields, "pending");
    quarantined_ += unreached ? 0 : sum_of(b.fields, "quarantined");
    lost_ += number_field(b.fields, "lost_failover").value_or(0);
    double wait_s = pending > 0 ? real_field(b.fields, "oldest_pending_seconds").value_or(0) : 0;
    if (unreached && pending > 0) wait_s = left.oldest_us ? seconds_since(*left.oldest_us) : 0;
    if (b.silent) wait_s = std::max(wait_s, silent_s(b.listed));
    pending_ += pending;
    oldest_s_ = std::max(oldest_s_, wait_s);

    const std::string who = "buffer " + b.listed.id;
    const std::string since = human_duration(Seconds(wait_s));
    const std::string rows = counted(pending, "row", "rows");
    const bool late = wait_s > static_cast<double>(max_wait_.count());
    if (b.silent) {
      ++silent_;
      (late ? critical_ : warning_)
          .push_back(who + ": process " + pid_text(b.listed.holder) + " does not answer; silent for " + since +
                     (pending > 0 ? ", with " + rows + " in its journals" : ""));
    } else if (late) {
      critical_.push_back(who + ": " + rows + " wait, the oldest for " + since + error_of(b.fields));
    } else if (hands == Hands::nobody && !finished) {
      warning_.push_back(who + " is an orphan with " + rows + ": forebay recover" + error_of(b.fields));
    } else if (text_field(b.fields, "destination_state") == "misconfigured") {
      warning_.push_back(who + ": its destination is misconfigured" + error_of(b.fields));
    }

    if (b.silent || (unreached && !b.asked)) return;  // what is said of it is said
    for (const control::Json& problem : b.fields.at("problems")) {
      if (problem.is_string()) warning_.push_back(who + ": " + problem.get<std::string>());
    }
  }

  CheckResult result() {
    if (quarantined_ > 0) {
      warning_.push_back(counted(quarantined_, "row is", "rows are") + " in quarantine: forebay errors");
    }
    CheckResult r;

    r.status = !critical_.empty() ? kCritical : !warning_.empty() ? kWarning : kOk;
    std::string said = named(critical_);
    if (const std::string more = named(warning_); !more.empty()) said += (said.empty() ? "" : "; ") + more;
    if (r.status == kOk) {
      said = counted(live_, "live buffer", "live buffers") + ", " + counted(pending_, "row waits", "rows wait") +
             (pending_ > 0 ? ", the oldest for " + human_duration(Seconds(oldest_s_)) : "");
    }

    constexpr std::array<const char*, 3> kWords = {"OK", "WARNING", "CRITICAL"};
    // What follows a '|' is figures.
    std::ranges::replace(said, '|', '/');
    r.line = std::string(kWords[r.status]) + " - " + safe_line(said) + " | " + figures();
    return r;
  }

 private:
  static std::string error_of(const control::Json& fields) {
    const std::string error = text_field(fields, "last_error");
    return error.empty() ? "" : " (" + error + ")";
  }
  static std::string named(const std::vector<std::string>& all) {
    std::string line;
    for (std::size_t i = 0; i < std::min(all.size(), kNamedMax); ++i) line += (i > 0 ? "; " : "") + all[i];
    if (all.size() > kNamedMax) line += "; and " + std::to_string(all.size() - kNamedMax) + " more";
    return line;
  }
  /// label=value;warning;critical;least, as plugins give them.
  std::string figures() const {
    const auto warned = [](const char* label, std::uint64_t n) {
      return std::string(label) + "=" + std::to_string(n) + ";0;;0 ";
    };
    return "pending=" + std::to_string(pending_) + ";;;0 " + warned("quarantined", quarantined_) +
           warned("lost_failover", lost_) + warned("orphans", orphans_) + warned("silent", silent_) +
           "oldest=" + std::to_string(static_cast<std::uint64_t>(oldest_s_)) + "s;;" +
           std::to_string(max_wait_.count()) + ";0";
  }

  const std::chrono::seconds max_wait_;
  std::vector<std::string> critical_, warning_;
  std::uint64_t live_ = 0, orphans_ = 0, finished_ = 0, silent_ = 0;
  std::uint64_t pending_ = 0, quarantined_ = 0, lost_ = 0;
  double oldest_s_ = 0;
};

}  // namespace

CheckResult judge(const std::vector<BufferView>& buffers, std::chrono::seconds max_wait) {
  Judge judge(max_wait);
  for (const BufferView& b : buffers) judge.look_at(b);
  return judge.result();
}

int run_check(const std::function<CheckResult()>& check) {
  CheckResult result;
  try {
    result = check();
  } catch (const std::exception& e) {
    std::string why = e.what();
    std::ranges::replace(why, '|', '/');
    result = {kUnknown, "UNKNOWN - " + safe_line(why)};
  }
  std::cout << result.line << '\n';
  return result.status;
}

bool asks_for_check(const std::vector<std::string>& arguments) {
  return std::ranges::find(arguments, "status") != arguments.end() &&
         std::ranges::find(arguments, "--check") != arguments.end();
}

}  // namespace forebay::cli
