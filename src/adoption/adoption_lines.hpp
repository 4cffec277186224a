#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "adoption/adoption.hpp"

namespace forebay {

// What is told of an adoption, for people. Pure functions.

/// "adopted buffer X of process 4711 …", for a buffer that has rows.
std::string adopted_line(const AdoptedBuffer& adopted, const std::string& destination,
                         std::optional<std::chrono::seconds> shift);
/// What of its journals makes no whole row; empty when there is no such thing.
std::string torn_text(const AdoptedBuffer& adopted);

/// A line for each reason: "buffer X" or "buffer X and N more there", what the two are, the reason.
std::vector<std::string> grouped_lines(const std::vector<LeftAlone>& buffers, const std::string& one,
                                       const std::string& several);
/// The same for all that were left alone.
std::vector<std::string> left_alone_lines(const std::vector<LeftAlone>& left);

}  // namespace forebay
