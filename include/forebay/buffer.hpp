#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "forebay/error.hpp"
#include "forebay/export.hpp"
#include "forebay/file_record.hpp"
#include "forebay/options.hpp"
#include "forebay/status.hpp"
#include "forebay/stream.hpp"
#include "forebay/value.hpp"

namespace forebay {

class WriterCore;
class BufferCore;

/// Takes records of one stream, from one thread at a time: make one for each producer thread, by Buffer::writer().
/// Movable; a Writer that was moved from may only be destroyed or assigned to. Its destructor hands over the rows that
/// it has collected. A Writer may outlive its Buffer and Buffer::stop(): add() then throws Error(stopped).
class FOREBAY_EXPORT Writer {
 public:
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  /// A version, greater than all before it. Take it before you look at a source that may change (a file, say), and pass
  /// it to add(): of two threads that look at one file, the one that looked later then wins.
  [[nodiscard]] std::int64_t next_version();

  /// Takes one record: a value, or null, for each column of the stream, in order. Copies the values, and usually
  /// returns within about a microsecond. Never waits for the network, except with Options::buffered false.
  ///
  /// Of two records with the same key, the one with the greater version wins, in whatever order they arrive. Without
  /// `version`, next_version() is taken. Whether text is UTF-8 and json is JSON is not checked here: the destination
  /// refuses what is not.
  ///
  /// Blocks while there is no room on disk, if the policy is `wait`.
  ///
  /// Throws Error, and has not taken the record:
  /// - usage: number or types of the values are not those of the stream's columns
  /// - full: there is no room, and the policy is `fail`
  /// - stopped: the Buffer is stopped, or this is a forked child
  /// - local: the journal cannot be written; or memory is exhausted, and then earlier rows that were not yet
  ///   acknowledged may be lost, too: the message says how many
  ///
  /// With Options::buffered false, the add() that completes a batch waits until the batch has landed. It throws
  /// Error(destination) if nothing lands for Options::drain_timeout. That record has been taken, and forebay goes on
  /// trying to send it while the Buffer lives.
  void add(std::span<const Value> values);
  void add(std::int64_t version, std::span<const Value> values);

  /// The same for the built-in streams `backup_files` and `backup_sets`. Throws Error(usage) if the Writer is of
  /// another stream.
  void add_file(const FileRecord& record);
  void add_file(std::int64_t version, const FileRecord& record);
  void add_set(const BackupSet& set);

  /// Returns when every record that this Writer took before is acknowledged: when it survives what Options::durability
  /// says. Without commit(), that is so within 50 ms or 1,000 rows. Throws Error(local) if the journal cannot be
  /// written; the records are then in memory only, and are sent all the same.
  void commit();

 private:
  friend class Buffer;
  struct Parts;
  explicit Writer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// A write-ahead buffer in front of one destination. Thread-safe. A process may have several. A forked child must not
/// use its parent's: every call throws Error(stopped) there.
class FOREBAY_EXPORT Buffer {
 public:
  /// Creates the buffer's folder in the state directory, adopts what ended processes left (Options::recover), and
  /// starts threads. Does not connect, and so a destination that is down is no error: get_sync_status() reports it.
  /// Throws Error: usage (invalid options, or a state directory where none can be), not_built_yet, local (the state
  /// directory cannot be written).
  explicit Buffer(Options options);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  /// Stops without waiting for the destination. Acknowledged rows that have not landed stay in the state directory,
  /// for the next Buffer there or for recover().
  ~Buffer();

  /// Declares a stream as one of Options::streams, while the Buffer runs; writer() then knows its name. The same
  /// declaration again changes nothing. Its table is looked up, and made if there is none, when its first rows are
  /// sent. Throws Error: usage (an invalid declaration, or another one of that name: the message says what differs),
  /// stopped.
  void declare_stream(const Stream& declaration);

  /// A Writer for one producer thread. Throws Error(usage) if no such stream is declared, Error(stopped) after stop().
  [[nodiscard]] Writer writer(std::string_view stream = "backup_files");

  /// Adds a file, from any thread, with the errors of Writer::add_file(). Threads share one Writer here, which makes
  /// this slower than a writer() for each.
  void add_file(const FileRecord& record);

  /// Sends every row whose add() had returned before this call. Returns when they are settled (at the destination,
  /// superseded or in quarantine), or at the timeout. Producers may go on meanwhile. Throws neither for a destination
  /// that fails nor for rows that it refuses: ask SyncResult::outcome().
  SyncResult force_sync(std::chrono::milliseconds timeout = std::chrono::seconds(300));

  /// Sends the rows of this Buffer's quarantine again: those of `stream`, or of every stream if it is empty. To be
  /// called after the cause was fixed. A row keeps its version, and so does not overwrite a newer one at the
  /// destination. It leaves the quarantine only when its commit is confirmed; if it is refused again, it stays. Returns
  /// when all are settled, or at the timeout; forebay goes on sending those that are not. Throws Error: usage (no such
  /// stream), local or damaged (the quarantine cannot be read or written), stopped.
  RetryResult retry_errors(std::string_view stream = {}, std::chrono::milliseconds timeout = std::chrono::seconds(300));

  /// Writes all pending rows, adopted ones included, to one checkpoint file in Options::checkpoint_directory. Every
  /// row whose add() had returned before this call, and that is pending, is in it. Returns when the file is complete
  /// and flushed. Producers may go on meanwhile. Throws Error: local (the file cannot be written; no part of it is
  /// left), usage (no state directory: Options::send or Options::buffered is false), stopped.
  CheckpointResult create_checkpoint();

  /// Takes no more records, and sends what is pending. Returns when everything is settled, when nothing has landed for
  /// `stall_max` (without it: Options::drain_timeout), or when `give_up` returns true; that is called about ten times a
  /// second, by the calling thread. Rows that are pending or in quarantine then stay in the state directory: ask
  /// SyncResult::outcome(). Later calls return the same result at once.
  SyncResult stop(std::chrono::milliseconds stall_max, const std::function<bool()>& give_up = {});
  SyncResult stop();

  [[nodiscard]] SyncStatus get_sync_status() const;
  /// The counts of one stream. Throws Error(usage) if no such stream is declared.
  [[nodiscard]] Counts get_stats(std::string_view stream = "backup_files") const;

 private:
  struct SharedWriter;
  std::shared_ptr<BufferCore> core_;
  std::unique_ptr<SharedWriter> shared_writer_;
};

}  // namespace forebay
