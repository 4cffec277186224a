#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "scan/answer_watch.hpp"
#include "scan/contract.hpp"
#include "scan/directory_opener.hpp"
#include "scan/excludes.hpp"
#include "scan/left_out.hpp"
#include "scan/owner_names.hpp"
#include "scan/work_queue.hpp"

namespace forebay {

/// What the threads of one scan share. Everything outlives the walkers.
struct WalkContext {
  const ScanOptions& options;
  const Excludes& excludes;
  const OwnFiles& own_files;
  ScanObserver& observer;
  const std::atomic<bool>& stop;
  ScanProgress& progress;
  EntryStat& entry_stat;
  OwnerNames& owner_names;
  DescriptorBudget& budget;
  WorkQueue& queue;
};

/// One thread's part of a scan: depth first through what it finds, giving the shallowest of it to threads that wait.
class Walker {
 public:
  /// The watch outlives the walker.
  Walker(const WalkContext& context, EntryConsumer& consumer, AnswerWatch& watch);
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;
  ~Walker() { count_up(); }

  /// Returns when the whole scan is done or stopped.
  void run();
  /// Brings what was counted into the scan's progress. By whoever has the walker: its thread, or who left that behind.
  void count_up() noexcept;

 private:
  void go_on(Work&& work);
  void start(Directory& root);
  void enter(Work&& work);
  /// Where descriptors run short, gives back those that are kept to go faster, and tries again. Throws Error(local)
  /// when that does not help.
  DirectoryOpener::Opened open(const Work& work);
  /// For this thread, and no more are kept by any.
  void give_descriptors_back();
  /// Reads on from where `fd` is. `share` may be none: then the descriptor has no place in the budget.
  void read(const DirectoryPtr& directory, int fd, SharedDescriptor share, Listing listing);
  void look_at(const DirectoryPtr& directory, int fd, const SharedDescriptor& share, const char* entries,
               std::size_t bytes);
  void look_at(const DirectoryPtr& directory, int fd, const SharedDescriptor& share, const char* name,
               unsigned char type);
  /// Looks and hands over; false when there is nothing to hand over (and that is reported, or it is left out).
  bool record(int fd, const char* name, struct ::statx& st);
  /// What turned out to stand under the name of a directory that was recorded: its row is brought up to date.
  void record_again(const struct ::statx& st);
  /// When the look at path_ begins: before the source is asked.
  void begin_look();
  bool hand_over(const struct ::statx& st);

  void set_directory(const Directory& directory);
  bool left_out(const char* name, unsigned char type) const;
  void give_work(bool all);
  void report(std::string path, std::string reason);
  bool stopped();

  const WalkContext& context_;
  EntryConsumer& consumer_;
  AnswerWatch& watch_;
  DirectoryOpener opener_;
  OwnerNamesMemo owner_names_;
  std::vector<char> buffer_;

  std::deque<Work> mine_;    // the next at the back
  std::uint64_t given_ = 0;  // how many left mine_ at the front

  // The path of the entry looked at; its first prefix_bytes_ are its directory's, with '/'.
  std::string path_;
  std::size_t prefix_bytes_ = 0;
  std::vector<std::string_view> own_names_;  // forebay's own, in this directory
  std::int64_t version_ = 0;
  std::int64_t looked_us_ = 0;

  // Not yet in context_.progress.
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t counted_us_ = 0;
};

}  // namespace forebay
