#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "forebay/options.hpp"

namespace forebay {

/// What a buffer's folder says of itself (file `manifest`, JSON, format 1; fields may be added).
struct Manifest {
  std::string buffer;
  std::string host;
  std::string boot_id;
  std::string machine;  ///< see machine_id(); empty where there is none, and in those of older releases
  std::int64_t pid = 0;
  Durability durability = Durability::process;
  std::string destination;                     ///< without secrets
  std::filesystem::path checkpoint_directory;  ///< where this buffer's checkpoints go; empty in those of older releases
  /// Wall clock minus boot clock when it was made, in microseconds; with the same boot id this tells by how much the
  /// wall clock was stepped since. 0 in those of older releases.
  std::int64_t wall_minus_boot_us = 0;
};

/// Reads the file `manifest` of a buffer's folder. Throws Error(damaged) for one that is torn or not a manifest,
/// Error(not_built_yet) for one of a newer format, Error(local) when it is missing or cannot be read.
Manifest read_manifest(const std::filesystem::path& folder);
/// Throws Error(local).
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest, bool flush);

std::string host_name();
/// Of the running kernel.
std::string boot_id();
/// What outlives boots and changes of the name, made from /etc/machine-id, which itself is not to be shown. Empty where
/// there is none, as in many containers.
std::string machine_id();

/// Whether this host wrote it: by its name, or, should that have changed, by the running kernel or the machine.
bool is_of_this_host(const Manifest& manifest);

}  // namespace forebay
