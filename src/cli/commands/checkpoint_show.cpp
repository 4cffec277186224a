#include "cli/commands/checkpoint_show.hpp"

#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/human.hpp"
#include "base/text.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/reader.hpp"
#include "cli/command.hpp"
#include "cli/json_output.hpp"
#include "cli/logging.hpp"
#include "cli/output.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

using Json = nlohmann::ordered_json;

void print(const Json& j) {
  // Paths and names may be in any encoding: what is not UTF-8 is replaced, not a reason to fail.
  std::cout << json_text(j) << '\n';
}

Json info_json(const std::filesystem::path& file, const CheckpointInfo& info) {
  return {{"file", file.string()},
          {"buffer", info.origin.buffer},
          {"number", info.number},
          {"created_at", rfc3339_utc(info.created_us)},
          {"scope", std::string(scope_name(info.scope))},
          {"rows", info.rows},
          {"bytes", info.bytes},
          {"host", info.origin.host},
          {"pid", info.origin.pid},
          {"boot_id", info.origin.boot_id},
          {"durability", std::string(to_string(info.origin.durability))},
          {"destination", info.origin.destination},
          {"state_directory", info.origin.state_directory},
          {"lacks", info.missing},
          {"format", info.format},
          {"digest", info.digest}};
}

/// What is wrong with a file as a whole; nothing: it verifies.
std::optional<std::string> verdict(const std::filesystem::path& file, CheckpointInfo* info = nullptr) {
  try {
    CheckpointReader reader(file);
    reader.verify();
    if (info != nullptr) *info = reader.info();
    return std::nullopt;
  } catch (const Error& e) {
    return e.what();
  }
}

std::string with_advice(const std::string& problem, const std::filesystem::path& file) {
  return problem + older_good_advice(file);
}

void print_inspected(const CheckpointReader& reader, const CheckpointContents& contents) {
  const CheckpointInfo& info = reader.info();
  const bool colours = colours_belong(STDOUT_FILENO);
  Table about;
  about.add({"file", reader.path().string()});
  about.add({"verified", {"yes: structure, types, counts and digest fit", Style::good}});
  if (!info.missing.empty()) about.add({"lacks", {info.missing, Style::warning}});
  about.add(
      {"created", rfc3339_local(info.created_us) + " (number " + std::to_string(info.number) + " of its buffer)"});
  about.add({"holds", info.scope == CheckpointScope::all ? "every row that was not at the destination"
                                                         : "what only memory held; journals had the rest"});
  about.add(
      {"rows", human_count(info.rows) + " in " + human_count(info.segments) + " segments, " + human_bytes(info.bytes)});
  about.add({"buffer", info.origin.buffer});
  about.add({"process", std::to_string(info.origin.pid) + " on " + info.origin.host});
  about.add({"durability", std::string(to_string(info.origin.durability))});
  about.add({"destination", info.origin.destination});
  about.add({"digest", info.digest});
  about.print(std::cout, colours);

  for (const CheckpointStreamContents& s : contents.streams) {
    std::cout << '\n';
    Table stream;
    stream.add({"stream", {s.stream, Style::bold}});
    stream.add({"  rows", human_count(s.rows)});
    if (s.rows > 0) {
      stream.add({"  keys", s.smallest_key});
      stream.add({"", "… " + s.largest_key});
      stream.add({"  time", rfc3339_local(s.oldest_us) + " … " + rfc3339_local(s.newest_us)});
    }
    stream.print(std::cout, colours);
  }

  if (contents.sets.empty()) return;
  std::cout << "\nbackup sets\n";
  Table sets({0, 1});
  sets.add({{"id", Style::dim}, {"rows", Style::dim}, {"name", Style::dim}, {"root", Style::dim}});
  for (const CheckpointSet& s : contents.sets) {
    sets.add(
        {std::to_string(s.id), human_count(s.files), s.described ? s.name : "(its own row is not in here)", s.root});
  }
  sets.print(std::cout, colours);
  if (contents.more_sets) std::cout << "and more than are counted here\n";
}

Json inspected_json(const CheckpointReader& reader, const CheckpointContents& contents) {
  Json j = info_json(reader.path(), reader.info());
  j["segments"] = reader.info().segments;
  j["verified"] = true;

  Json& streams = j["streams"] = Json::object();
  for (const CheckpointStreamContents& s : contents.streams) {
    // Two declarations may share a name (before and after a change of columns).
    std::string name = s.stream;
    for (int n = 2; streams.contains(name); ++n) name = s.stream + " (" + std::to_string(n) + ")";
    Json& one = streams[name] = {{"rows", s.rows}};
    if (s.rows == 0) continue;
    one["smallest_key"] = s.smallest_key;
    one["largest_key"] = s.largest_key;
    one["oldest_at"] = rfc3339_utc(s.oldest_us);
    one["newest_at"] = rfc3339_utc(s.newest_us);
    one["oldest_version"] = s.oldest_version;
    one["newest_version"] = s.newest_version;
  }

  Json& sets = j["sets"] = Json::array();
  for (const CheckpointSet& s : contents.sets) {
    Json one = {{"id", s.id}, {"rows", s.files}};
    if (s.described) one.update({{"name", s.name}, {"root", s.root}, {"host", s.host}});
    sets.push_back(std::move(one));
  }
  j["more_sets"] = contents.more_sets;
  return j;
}

}  // namespace

int list_checkpoint_folder(const std::filesystem::path& directory, bool verify, bool json) {
  std::vector<ListedCheckpoint> listed = list_checkpoints(directory);
  bool sound = true;
  for (ListedCheckpoint& c : listed) {
    if (verify && c.info) c.problem = verdict(c.path).value_or("");
    sound = sound && c.problem.empty();
  }

  const int status = verify && !sound ? kLocalFailure : kDone;
  if (json) {
    Json all = Json::array();
    for (const ListedCheckpoint& c : listed) {
      Json one = c.info ? info_json(c.path, *c.info) : Json{{"file", c.path.string()}};
      one["problem"] = c.problem;
      // Null: its head is sound, and its rows were not read.
      one["verified"] = !c.problem.empty() ? Json(false) : verify ? Json(true) : Json(nullptr);
      all.push_back(std::move(one));
    }
    print({{"directory", directory.string()}, {"checkpoints", std::move(all)}});
    return status;
  }

  if (listed.empty()) {
    std::cout << "no checkpoints in " << safe_line(directory.string()) << '\n';
    return status;
  }

  std::cout << safe_line(directory.string()) << '\n';
  Table table({1, 2});
  table.add({{"created", Style::dim},
             {"rows", Style::dim},
             {"size", Style::dim},
             {"state", Style::dim},
             {"file", Style::dim}});
  for (const ListedCheckpoint& c : listed) {
    const std::string name = c.path.filename().string();
    if (!c.info) {
      table.add({"-", "-", "-", {"bad", Style::bad}, name});
      continue;
    }
    const Table::Cell state = !c.problem.empty()         ? Table::Cell("bad", Style::bad)
                              : !c.info->missing.empty() ? Table::Cell("lacks rows", Style::warning)
                              : verify                   ? Table::Cell("verified", Style::good)
                                                         : Table::Cell("not verified");
    table.add({rfc3339_local(c.info->created_us), human_count(c.info->rows), human_bytes(c.info->bytes), state, name});
  }

  table.print(std::cout, colours_belong(STDOUT_FILENO));
  for (const ListedCheckpoint& c : listed) {
    if (!c.problem.empty()) report_failure(c.problem);
  }
  return status;
}

int inspect_checkpoint(const std::filesystem::path& file, bool json) {
  try {
    CheckpointReader reader(file);
    const CheckpointContents contents = reader.verify();
    if (json) {
      print(inspected_json(reader, contents));
    } else {
      print_inspected(reader, contents);
    }
    return kDone;
  } catch (const Error& e) {
    report_failure(with_advice(e.what(), file));
    return kLocalFailure;
  }
}

int verify_checkpoints(const std::vector<std::string>& files, bool json) {
  int status = kDone;
  Json all = Json::array();
  for (const std::string& file : files) {
    CheckpointInfo info;
    const auto problem = verdict(file, &info);
    if (problem) {
      const std::string line = with_advice(*problem, file);
      report_failure(line);
      status = kLocalFailure;
      all.push_back({{"file", file}, {"verified", false}, {"problem", line}});
      continue;
    }
    all.push_back({{"file", file}, {"verified", true}, {"rows", info.rows}, {"lacks", info.missing}});
    if (json) continue;
    std::cout << safe_line(file) << ": sound, " << human_count(info.rows) << " rows";
    if (!info.missing.empty()) std::cout << "; lacks rows: " << safe_line(info.missing);
    std::cout << '\n';
  }

  if (json) print({{"checkpoints", std::move(all)}});
  return status;
}

}  // namespace forebay::cli
