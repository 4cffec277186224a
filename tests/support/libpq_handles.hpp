#pragma once

#include <libpq-fe.h>

#include <memory>

namespace forebay::test {

/// libpq's own, for what tests do to a server beside forebay. Finished and cleared with their owner.
using PgConnection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using PgResult = std::unique_ptr<PGresult, decltype(&PQclear)>;

}  // namespace forebay::test
