#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sink/batch.hpp"
#include "sink/postgres/misfit.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/table.hpp"
#include "sink/refusals.hpp"

namespace forebay {

OwnTriggers own_triggers(PostgresSession& session, const std::string& quoted);

/// "trigger a", "triggers a, b"
std::string named_triggers(const OwnTriggers& triggers);

/// What to do about triggers of a table of forebay's own, as a sentence that goes on after a full stop. Empty: there
/// are none.
std::string cure_of_own_triggers(const OwnTriggers& triggers, const std::string& quoted);

/// An SQL expression on pg_class c: a text that changes with what own_triggers() and rule_misfits() look at; NULL where
/// there is none of it.
std::string own_code_shape(const std::string& quoted);

/// Rules: beside one an upsert fails, and COPY goes past it. Of the batch ledger, which is only inserted into, those
/// that do something instead.
std::vector<Misfit> rule_misfits(PostgresSession& session, const Stream& stream, const std::string& quoted);

/// The rows of a part that were sent and are not in the table under their key, at their version or a newer one.
std::vector<PartRefusal> rows_not_kept(PostgresSession& session, const PostgresTable& table, const BatchPart& part);

}  // namespace forebay
