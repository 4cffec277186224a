#include "checkpoint/contents.hpp"

#include <algorithm>

#include "base/human.hpp"
#include "base/stream_columns.hpp"
#include "base/version_clock.hpp"

namespace forebay {
namespace {

constexpr std::size_t kShownBytes = 200;

bool holds_chars(ColumnType type) {
  return type == ColumnType::text || type == ColumnType::json || type == ColumnType::bytes;
}

std::string text_of(const Stream& stream, std::string_view column, std::span<const Value> row) {
  const auto at = position_of(stream, column, ColumnType::text);
  return at && !row[*at].is_null() ? std::string(row[*at].as_chars().substr(0, std::size_t{16} * 1024)) : std::string();
}

}  // namespace

KeptKey::KeptKey(const Stream& stream) : columns_(stream.key_indexes()) {
  for (const std::size_t column : columns_) types_.push_back(stream.columns[column].type);
  numbers_.resize(columns_.size());
  chars_.resize(columns_.size());
}

int KeptKey::compare(std::span<const Value> row) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Value& v = row[columns_[i]];
    if (holds_chars(types_[i])) {
      if (const int order = chars_[i].compare(v.as_chars()); order != 0) return order;
    } else if (numbers_[i] != v.as_integer()) {
      return numbers_[i] < v.as_integer() ? -1 : 1;
    }
  }
  return 0;
}

void KeptKey::assign(std::span<const Value> row) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Value& v = row[columns_[i]];
    if (holds_chars(types_[i])) {
      chars_[i] = v.as_chars();
    } else {
      numbers_[i] = v.as_integer();
    }
  }
}

std::string KeptKey::printable_text() const {
  std::string text;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) text += ", ";
    switch (types_[i]) {
      case ColumnType::bytes:
        text += value_text(Value::bytes(chars_[i]), kShownBytes);
        break;
      case ColumnType::text:
      case ColumnType::json:
        text += value_text(Value::text(chars_[i]), kShownBytes);
        break;
      case ColumnType::boolean:
        text += value_text(Value::boolean(numbers_[i] != 0), kShownBytes);
        break;
      case ColumnType::timestamp:
        text += value_text(Value::timestamp(numbers_[i]), kShownBytes);
        break;
      case ColumnType::integer:
      case ColumnType::real:  // no key has one
        text += value_text(Value::integer(numbers_[i]), kShownBytes);
        break;
    }
  }
  return text;
}

CheckpointSet* CheckpointContentsGatherer::set(std::int64_t id) {
  if (last_set_ != nullptr && last_set_->id == id) return last_set_;
  const auto found = sets_.find(id);
  if (found != sets_.end()) return last_set_ = &found->second;
  if (sets_.size() == kSetsMax) {
    contents_.more_sets = true;
    return nullptr;
  }

  CheckpointSet& made = sets_[id];
  made.id = id;
  return last_set_ = &made;
}

void CheckpointContentsGatherer::begin_stream(const Stream& stream) {
  now_.emplace(stream);
  now_->contents.stream = stream.name;
  if (stream.name == backup_sets_stream().name) now_->described_id = position_of(stream, "id", ColumnType::integer);
  if (stream.name == backup_files_stream().name) {
    now_->set_column = position_of(stream, "backup_set_id", ColumnType::integer);
  }
  stream_ = &stream;
}

void CheckpointContentsGatherer::add(std::int64_t version, std::span<const Value> row) {
  CheckpointStreamContents& c = now_->contents;
  if (c.rows++ == 0) {
    now_->smallest.assign(row);
    now_->largest.assign(row);
    c.oldest_version = c.newest_version = version;
  } else {
    if (now_->smallest.compare(row) > 0) now_->smallest.assign(row);
    if (now_->largest.compare(row) < 0) now_->largest.assign(row);
    c.oldest_version = std::min(c.oldest_version, version);
    c.newest_version = std::max(c.newest_version, version);
  }

  if (now_->set_column && !row[*now_->set_column].is_null()) {
    if (CheckpointSet* s = set(row[*now_->set_column].as_integer())) ++s->files;
  }

  if (now_->described_id) {
    const Value& id = row[*now_->described_id];
    CheckpointSet* s = id.is_null() ? nullptr : set(id.as_integer());
    if (s == nullptr) return;
    s->described = true;
    s->name = text_of(*stream_, "name", row);
    s->root = text_of(*stream_, "root", row);
    s->host = text_of(*stream_, "host", row);
  }
}

void CheckpointContentsGatherer::end_stream() {
  if (now_->contents.rows > 0) {
    now_->contents.smallest_key = now_->smallest.printable_text();
    now_->contents.largest_key = now_->largest.printable_text();
    const auto time_of = [](std::int64_t version) { return version_us_since_2020(version) + kVersionEpochUnixUs; };
    now_->contents.oldest_us = time_of(now_->contents.oldest_version);
    now_->contents.newest_us = time_of(now_->contents.newest_version);
  }
  contents_.streams.push_back(std::move(now_->contents));
  now_.reset();
}

CheckpointContents CheckpointContentsGatherer::take() {
  for (auto& [id, set] : sets_) contents_.sets.push_back(std::move(set));
  sets_.clear();
  last_set_ = nullptr;
  return std::move(contents_);
}

}  // namespace forebay
