// A program of the build: writes manual pages and the shells' completions from the command's own options, below the
// folder that it is given. Not installed, so that the command carries none of it.

#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/pages/pages.hpp"

namespace {

using namespace forebay::cli;

void write(const std::filesystem::path& folder, const Page& page) {
  const std::filesystem::path file = folder / page.path;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << page.text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "forebay_pages FOLDER DATE: writes FOLDER/man and completions, dated as 2026-11-30\n";
    return 2;
  }

  try {
    const CommandInfo whole = describe_commands();
    std::filesystem::remove_all(argv[1]);  // pages of commands that are gone
    for (const Page& page : manual_pages(whole, argv[2])) write(argv[1], page);
    for (const Page& page : {bash_completion(whole), zsh_completion(whole), fish_completion(whole)})
      write(argv[1], page);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "forebay_pages: " << e.what() << '\n';
    return 4;
  }
}
