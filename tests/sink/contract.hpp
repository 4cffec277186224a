#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sink/fixtures.hpp"
#include "sink/test_streams.hpp"

/// A case of the contract that every sink keeps; `Fixture` is the fixture's type.
#define SINK_CONTRACT(sentence)                                                                                    \
  TEMPLATE_TEST_CASE(                                                                                              \
      sentence, "[sink][postgres][threads]", forebay::test::PostgresFixture, forebay::test::PostgresNoTempFixture, \
      forebay::test::OpenGauss3AFixture, forebay::test::OpenGauss3BFixture, forebay::test::OpenGauss5AFixture,     \
      forebay::test::OpenGauss6PGFixture, forebay::test::Dolphin6BFixture, forebay::test::SqliteFixture)

namespace forebay::test {

inline Written written(Sink& sink, Batch& batch) {
  WriteOutcome outcome = sink.write(batch);
  if (const auto* failure = std::get_if<Failure>(&outcome))
    FAIL(to_string(failure->failure_class) << ": " << failure->message);
  return std::get<Written>(outcome);
}

inline Written written(Sink& sink, std::vector<BatchRange> ranges) {
  Batch batch(Reason::end, std::move(ranges));
  return written(sink, batch);
}

inline Failure refused(Sink& sink, std::vector<BatchRange> ranges) {
  Batch batch(Reason::end, std::move(ranges));
  const WriteOutcome outcome = sink.write(batch);
  REQUIRE(std::holds_alternative<Failure>(outcome));
  return std::get<Failure>(outcome);
}

inline void opens(Sink& sink) {
  const auto failure = sink.open();
  if (failure) FAIL(failure->message);
}

/// What a sink hands over of the rows that it refuses.
struct Kept {
  std::vector<RefusedRow> rows;
  int calls = 0;
  KeepRefused keep() {
    return [this](const Batch&, const std::vector<RefusedRow>& refused) {
      ++calls;
      rows = refused;
    };
  }
};

/// A row of small_stream().
inline std::vector<Value> small_row(std::int64_t set, std::string_view path, std::int64_t size = 0,
                                    std::string_view note = "") {
  return {Value::integer(set), Value::text(path), Value::integer(size), Value::text(note)};
}

}  // namespace forebay::test
