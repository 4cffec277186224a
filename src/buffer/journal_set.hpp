#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/io.hpp"
#include "buffer/disk_trouble.hpp"
#include "buffer/journal_keeper.hpp"
#include "buffer/segment.hpp"
#include "buffer/segment_queue.hpp"
#include "forebay/options.hpp"
#include "journal/file.hpp"

namespace forebay {

struct JournalOptions {
  std::filesystem::path folder;  // of this buffer; empty: no journals at all (dry run, no buffer)
  Durability durability = Durability::process;
  CreateFile create_file = create_posix_file;
  FlushFolder flush_folder = flush_posix_folder;
  std::function<void()> wake_timer;  // a writer has to look at its journal; called from the keeper; cheap
  LogCallback log;
};

/// The journals of one buffer: where writers get files from, and how each sealed segment gets a journal that can be
/// trusted. Says what is wrong with the disk. Thread-safe. Lock order: a segment's `securing`, then the queue's mutex.
class JournalSet {
 public:
  /// The queue must outlive it.
  JournalSet(JournalOptions options, SegmentQueue& queue);

  const JournalFolder& folder() const { return folder_; }
  JournalKeeper& keeper() { return keeper_; }
  DiskTrouble& trouble() { return trouble_; }
  const DiskTrouble& trouble() const { return trouble_; }

  // --- For writers
  /// Before the first writer; more calls do nothing.
  void start();
  /// For a segment that is begun: a spare journal, else one made now. No file where it has none to begin with.
  EmptyJournal begin();
  /// Another file, for a segment whose journal failed.
  std::shared_ptr<JournalFile> replace(std::uint64_t segment, int replacement) const {
    return folder_.create(segment, replacement);
  }
  /// A journal could not be written, or could be replaced since: told at once and then seldom.
  void tell_failed(const std::string& line);
  void tell_replaced(const std::string& line);

  /// Returns when the segment's rows are acknowledged: a journal that can be trusted holds them, or they have landed.
  /// Waits for its flush, and writes a new journal when the one that it has failed. Throws Error(local) when that fails
  /// too. From any thread.
  void secure(const SegmentPtr& segment);

  struct Spill {
    std::uint64_t unsaved_rows = 0;
    std::map<std::string, std::uint64_t> unsaved_by_stream;
    std::string error;
    std::vector<SegmentPtr> saved;  // own segments: each has a journal with a trailer in this buffer's folder
  };
  /// The last thing, once no producer is left: secures every segment, so that an orderly end loses nothing, and ends
  /// the keeper. Rows that the disk does not take are counted, with the first reason.
  Spill spill();

 private:
  void flush_failed(const Error& error);
  void rewrite(const SegmentPtr& segment, const std::shared_ptr<MemorySegment>& rows, const std::string& why);

  const std::function<void()> wake_timer_;
  const LogCallback log_;
  SegmentQueue& queue_;
  JournalFolder folder_;
  DiskTrouble trouble_;  // its own mutex, and nothing is called under that
  JournalKeeper keeper_;
};

}  // namespace forebay
