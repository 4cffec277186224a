#include "support/simulated_disk.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "forebay/error.hpp"

namespace forebay::test {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSectorBytes = 512;

Error power_is_off(const fs::path& path) {
  return {ErrorCode::local, "cannot reach " + path.string() + ": the power is off"};
}

}  // namespace

class SimulatedDisk::File final : public AppendFile {
 public:
  File(SimulatedDisk& disk, Content& content, std::unique_ptr<AppendFile> real)
      : disk_(disk), content_(content), real_(std::move(real)) {}

  void write(std::string_view bytes) override {
    try {
      disk_.begin(Op::write, content_.path);
    } catch (...) {
      if (!disk_.is_off()) put(bytes.substr(0, bytes.size() / 2));
      throw;
    }
    put(bytes);
  }

  void flush() override {
    std::size_t written = 0;
    {
      const std::lock_guard lock(disk_.mutex_);
      written = content_.bytes.size();
    }
    try {
      disk_.begin(Op::flush, content_.path);
    } catch (...) {
      const std::lock_guard lock(disk_.mutex_);
      if (!disk_.off_) content_.lost.emplace_back(content_.flushed, written);
      throw;
    }
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.off_) throw power_is_off(content_.path);
    content_.flushed = std::max(content_.flushed, written);
  }

 private:
  void put(std::string_view bytes) {
    real_->write(bytes);
    const std::lock_guard lock(disk_.mutex_);
    if (disk_.off_) throw power_is_off(content_.path);
    content_.bytes += bytes;
  }

  SimulatedDisk& disk_;
  Content& content_;
  std::unique_ptr<AppendFile> real_;
};

CreateFile SimulatedDisk::create_file() {
  return [this](const fs::path& path) -> std::unique_ptr<AppendFile> {
    begin(Op::create, path);
    auto real = create_posix_file(path);
    const std::lock_guard lock(mutex_);
    contents_.push_back(std::make_unique<Content>());
    contents_.back()->path = path;
    return std::make_unique<File>(*this, *contents_.back(), std::move(real));
  };
}

FlushFolder SimulatedDisk::flush_folder() {
  return [this](const fs::path& folder) {
    std::set<Content*> there;
    std::set<Content*> gone;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& c : contents_) {
        if (c->path.parent_path() == folder) (fs::exists(c->path) ? there : gone).insert(c.get());
      }
    }
    begin(Op::flush_folder, folder);
    const std::lock_guard lock(mutex_);
    if (off_) throw power_is_off(folder);
    for (Content* c : there) c->name_is_safe = true;
    for (Content* c : gone) c->removal_is_safe = true;
  };
}

void SimulatedDisk::begin(Op op, const fs::path& path) {
  {
    const std::lock_guard lock(mutex_);
    if (off_) throw power_is_off(path);
    ++counts_[{op, path.filename().string()}];
  }
  if (before) before(op, path);
}

std::uint64_t SimulatedDisk::count(Op op) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [key, n] : counts_) sum += key.first == op ? n : 0;
  return sum;
}

std::uint64_t SimulatedDisk::count(Op op, const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find({op, name});
  return found == counts_.end() ? 0 : found->second;
}

std::uint64_t SimulatedDisk::safe_bytes(const fs::path& path) const {
  const std::lock_guard lock(mutex_);
  for (auto c = contents_.rbegin(); c != contents_.rend(); ++c) {
    if ((*c)->path == path) return (*c)->name_is_safe && (*c)->lost.empty() ? (*c)->flushed : 0;
  }
  return 0;
}

void SimulatedDisk::cut_power() {
  const std::lock_guard lock(mutex_);
  off_ = true;
}

bool SimulatedDisk::is_off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

void SimulatedDisk::restart(const fs::path& from, const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (auto c = contents_.rbegin(); c != contents_.rend(); ++c) {  // the newest file of a name first
    const Content& content = **c;
    const std::string name = content.path.filename().string();
    if (content.path.parent_path() != from || names.contains(name)) continue;
    const bool removed = !fs::exists(content.path) || std::any_of(contents_.rbegin(), c, [&](const auto& newer) {
      return newer->path == content.path;
    });
    const bool there = removed ? !content.removal_is_safe && chance(0.5) : content.name_is_safe || chance(0.5);
    if (!there) continue;
    names.insert(name);
    std::ofstream(folder / name, std::ios::binary) << survivor(content);
  }
}

std::string SimulatedDisk::survivor(const Content& content) {
  std::string bytes = content.bytes;
  for (const auto& [from, to] : content.lost) std::fill(bytes.begin() + from, bytes.begin() + to, '\0');
  if (chance(0.25)) return bytes;
  const std::size_t size = std::uniform_int_distribution<std::size_t>(content.flushed, bytes.size())(random_);
  if (chance(0.7)) bytes.resize(size);
  const bool tear = chance(0.5);
  for (std::size_t sector = content.flushed / kSectorBytes * kSectorBytes; sector < bytes.size();
       sector += kSectorBytes) {
    if (!tear || chance(0.5)) continue;
    const std::size_t end = std::min(sector + kSectorBytes, bytes.size());
    const std::string& other = contents_[random_() % contents_.size()]->bytes;
    const bool stale = chance(0.5);
    for (std::size_t i = std::max(sector, content.flushed); i < end; ++i)
      bytes[i] = stale && i < other.size() ? other[i] : '\0';
  }
  return bytes;
}

}  // namespace forebay::test
