#pragma once

/// Start here. A program that buffers: make Options (or options_from_environment()), a Buffer, and a Writer per
/// producer thread; add records; force_sync() when something must be there now; stop() at the end. docs/example.cpp
/// does it in thirty lines.
#include "forebay/buffer.hpp"       // Buffer, Writer
#include "forebay/error.hpp"        // Error, ErrorCode
#include "forebay/file_record.hpp"  // FileRecord, BackupSet, stored paths
#include "forebay/options.hpp"      // Options, options_from_environment()
#include "forebay/status.hpp"       // SyncStatus, Counts, SyncResult
#include "forebay/stream.hpp"       // Stream, Column: records of your own
#include "forebay/value.hpp"        // Value
#include "forebay/version.hpp"      // FOREBAY_VERSION
