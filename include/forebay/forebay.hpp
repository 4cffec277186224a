#pragma once

/// Start here. A program makes Options (or calls options_from_environment()), a Buffer, and a Writer for each producer
/// thread. It adds records, calls force_sync() where rows have to be at the destination now, and stop() at the end.
/// docs/example.cpp does that in fifty lines.
#include "forebay/buffer.hpp"       // Buffer, Writer
#include "forebay/error.hpp"        // Error, ErrorCode
#include "forebay/file_record.hpp"  // FileRecord, BackupSet, stored paths
#include "forebay/options.hpp"      // Options, options_from_environment()
#include "forebay/recover.hpp"      // recover(): what ended processes left
#include "forebay/status.hpp"       // SyncStatus, Counts, SyncResult, SyncOutcome
#include "forebay/stream.hpp"       // Stream, Column: records of your own
#include "forebay/value.hpp"        // Value
#include "forebay/version.hpp"      // FOREBAY_VERSION
