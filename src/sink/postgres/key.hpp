#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "sink/batch.hpp"
#include "sink/dialect.hpp"
#include "sink/postgres/misfit.hpp"
#include "sink/postgres/session.hpp"
#include "sink/postgres/table.hpp"
#include "sink/refusals.hpp"

namespace forebay {

/// Columns of the key in which different values would be equal, so that one record would replace another, or that take
/// no values.
std::vector<Misfit> key_column_misfits(PostgresSession& session, const Stream& stream, const std::string& quoted,
                                       const std::vector<std::string>& key_indexes);
std::vector<KeyLimit> key_limits(PostgresSession& session, const Stream& stream, const std::string& quoted);

/// Sends a part without the rows whose key would be cut, and returns those with what `send` returns. A varchar(n) drops
/// blanks at the end that it has no room for, without an error, and then it is another record's key.
std::vector<PartRefusal> send_uncut(const PostgresTable& table, const PostgresDialect& dialect, const BatchPart& part,
                                    const std::function<std::vector<PartRefusal>(const BatchPart&)>& send);

}  // namespace forebay
