#include "state/manifest.hpp"

#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/enum_names.hpp"
#include "base/private_path.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

constexpr int kManifestFormat = 1;
constexpr std::size_t kManifestBytesMax = std::size_t{1} << 20;

}  // namespace

Manifest read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "manifest";
  const std::string text = read_private_file(path, kManifestBytesMax);
  try {
    const auto j = nlohmann::json::parse(text);
    if (j.at("format").get<int>() > kManifestFormat) {
      throw Error(ErrorCode::not_built_yet,
                  path.string() + " is of a format newer than this forebay; use the one that wrote it, or a newer one");
    }

    Manifest m;
    m.buffer = j.at("buffer").get<std::string>();
    m.host = j.at("host").get<std::string>();
    m.boot_id = j.at("boot_id").get<std::string>();
    m.machine = j.value("machine", std::string());
    m.pid = j.at("pid").get<std::int64_t>();
    m.destination = j.at("destination").get<std::string>();
    m.checkpoint_directory = j.value("checkpoint_directory", std::string());
    m.wall_minus_boot_us = j.value("wall_minus_boot_us", std::int64_t{0});
    const auto level = j.at("durability").get<std::string>();
    m.durability = durability_of(level).value_or(m.durability);
    return m;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::damaged, path.string() + " is damaged: it does not read as a manifest");
  }
}

void write_manifest(const std::filesystem::path& folder, const Manifest& m, bool flush) {
  const nlohmann::ordered_json j = {{"format", kManifestFormat},
                                    {"buffer", m.buffer},
                                    {"host", m.host},
                                    {"boot_id", m.boot_id},
                                    {"machine", m.machine},
                                    {"pid", m.pid},
                                    {"durability", to_string(m.durability)},
                                    {"destination", m.destination},
                                    {"checkpoint_directory", m.checkpoint_directory.string()},
                                    {"wall_minus_boot_us", m.wall_minus_boot_us}};

  // A destination or directory may be named in any encoding; what is not UTF-8 is replaced. Two that differ in such
  // bytes alone compare equal then, which only the same user could bring about.
  write_private_file(folder / "manifest",
                     j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n", flush);
}

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(in, id);
  return id;
}

std::string machine_id() {
  std::ifstream in("/etc/machine-id");
  std::string id;
  std::getline(in, id);
  // An image may bring an empty one, or "uninitialized".
  const bool is_one = id.size() == 32 && id.find_first_not_of(kHexDigits) == std::string::npos &&
                      id.find_first_not_of('0') != std::string::npos;
  return is_one ? sha256_hex("forebay " + id).substr(0, 32) : std::string();
}

bool is_of_this_host(const Manifest& manifest) {
  const auto same = [](const std::string& written, const std::string& here) {
    return !written.empty() && written == here;
  };
  return manifest.host == host_name() || same(manifest.boot_id, boot_id()) || same(manifest.machine, machine_id());
}

}  // namespace forebay
