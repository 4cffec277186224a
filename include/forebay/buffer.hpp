#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "forebay/error.hpp"
#include "forebay/file_record.hpp"
#include "forebay/options.hpp"
#include "forebay/status.hpp"
#include "forebay/value.hpp"

namespace forebay {

class WriterCore;
class BufferCore;

/// A producer thread's handle on one stream. Used by one thread at a time; make one per thread. Movable; one that was
/// moved from may only be destroyed or assigned to. Destroying it hands over what it holds. It may outlive its Buffer
/// or the Buffer's stop(); add() then throws Error(stopped).
class Writer {
 public:
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  /// The version of what is looked at next: take it before looking at the source, so that who looked later wins.
  std::int64_t next_version();

  /// Takes one record: a value or null for each column of the stream, in order. Copies what it is given; returns in
  /// about a microsecond; never waits for the network. Waits for room on disk when that is full and the policy is
  /// `wait`. Of two records with one key the greater version wins; without one given, add() takes next_version().
  /// Throws Error, and has not taken the record: usage (values of another number or type than the stream's columns),
  /// full (policy `fail`), local (no memory, in which case earlier records that were not yet acknowledged may be lost
  /// too, and the message says how many; or the journal cannot be written), stopped (also in a forked child).
  /// What text and json hold is not looked at here; the destination refuses what is not UTF-8 or not JSON.
  /// With Options::buffered false, the add() that fills a batch waits until it has landed, and throws
  /// Error(destination) when nothing lands for Options::drain_timeout; that record is taken, and tried again while the
  /// Buffer lives.
  void add(std::span<const Value> values);
  void add(std::int64_t version, std::span<const Value> values);

  /// The same for the built-in streams `backup_files` and `backup_sets`; the Writer must be one of that stream.
  void add_file(const FileRecord& record);
  void add_file(std::int64_t version, const FileRecord& record);
  void add_set(const BackupSet& set);

  /// Returns when every record added before is acknowledged (Options::durability says what that survives). Rows are
  /// acknowledged by themselves within 50 ms or 1,000 rows. Throws Error(local) when the journal cannot be written: the
  /// records are in memory and on their way all the same.
  void commit();

 private:
  friend class Buffer;
  struct Parts;
  explicit Writer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// A write-ahead buffer in front of one destination. Several in one process work. Thread-safe. Not for a forked child.
class Buffer {
 public:
  /// Makes the buffer's folder in the state directory and starts its threads; connects later, by itself. A destination
  /// that is away is no error: see get_sync_status(). Throws Error: usage (options that cannot be meant, a place that
  /// cannot be a state directory), not_built_yet, local (the state directory cannot be written).
  explicit Buffer(Options options);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  /// Stops without draining. What was acknowledged and is not at the destination stays in the state directory, for
  /// the next Buffer there or `forebay recover`.
  ~Buffer();

  /// A handle for one producer thread. Throws Error(usage) for an unknown stream, Error(stopped) after stop().
  Writer writer(std::string_view stream = "backup_files");

  /// Adds a file from any thread. Threads share one Writer here: convenient, and slower than a writer() for each.
  void add_file(const FileRecord& record);

  /// Sends every record whose add() returned before this call, and returns when that fixed set is settled, or at the
  /// timeout. Producers go on meanwhile. Does not throw for a destination that fails, nor for rows that it refuses: ask
  /// SyncResult::outcome() whether all of them are there.
  SyncResult force_sync(std::chrono::milliseconds timeout = std::chrono::seconds(300));

  /// Sends what is in this buffer's quarantine again, each row at its first version, so that a newer one at the
  /// destination stays: rows of `stream`, or of all streams (empty). A row leaves the quarantine when its commit is
  /// known, and not before; one that is refused again stays. Returns when all of them are settled, or at the timeout;
  /// those that are not are tried on. For after the cause was fixed. Throws Error: local or damaged (the quarantine
  /// cannot be read or written), usage (a stream that is not known), stopped.
  RetryResult retry_errors(std::string_view stream = {}, std::chrono::milliseconds timeout = std::chrono::seconds(300));

  /// Writes every row that is not at the destination yet, adopted ones included, to one checkpoint file in
  /// Options::checkpoint_directory, and returns when it is whole and flushed. Producers go on meanwhile; rows whose
  /// add() returned before this call are in it. Throws Error: local (the file cannot be written; nothing is left of
  /// it), usage (no state directory: Options::send or ::buffered is false), stopped.
  CheckpointResult create_checkpoint();

  /// Refuses further records, and drains: until everything is settled, or nothing has landed for `stall_max`, or
  /// `give_up` (asked ten times a second) returns true. What is left then lies in the state directory, and so do rows
  /// in quarantine: ask SyncResult::outcome(). Later calls return the same.
  SyncResult stop(std::chrono::milliseconds stall_max, const std::function<bool()>& give_up = {});
  SyncResult stop();  ///< with Options::drain_timeout

  SyncStatus get_sync_status() const;
  /// Of one stream; throws Error(usage) for one that is not known.
  Counts get_stats(std::string_view stream = "backup_files") const;

 private:
  struct SharedWriter;
  std::shared_ptr<BufferCore> core_;
  std::unique_ptr<SharedWriter> shared_writer_;
};

}  // namespace forebay
