#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace forebay {

// Damaged quarantines are kept for a person to look at: `quarantine.db.damaged`, then `quarantine.db.2.damaged`, ….

/// Renames the folder's quarantine, with SQLite's journal of it, so that another can be begun; none that was set aside
/// before is replaced. The new name, without the folder. Under the folder's lock. Throws Error(local).
std::string set_quarantine_aside(const std::filesystem::path& folder);

/// The names of those that were set aside there, oldest first.
std::vector<std::string> set_aside_quarantines(const std::filesystem::path& folder);

/// What a person is told of them; empty when there are none.
std::string set_aside_problem(const std::filesystem::path& folder);

}  // namespace forebay
