#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "cli/buffer_view.hpp"

namespace forebay::cli {

/// `status --json`, without a newline.
std::string status_json(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers);

/// The same for people: a line that says where was looked, and a block for each buffer.
void print_status(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers,
                  std::ostream& out, bool colours);

/// One line for each buffer, with the time: what `--watch` writes where nothing can be redrawn.
void print_status_lines(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers,
                        std::ostream& out);

}  // namespace forebay::cli
