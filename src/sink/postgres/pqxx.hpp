#pragma once

#include <libpq-fe.h>

#include <exception>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

namespace forebay {

// Everything in which libpqxx 6.4 and 7.x differ.

#if PQXX_VERSION_MAJOR >= 7
using PqxxConnection = pqxx::connection;
#else
/// A libpqxx connection over a libpq connection that is there already. Never reconnects by itself: libpqxx's own way of
/// doing so has no deadline, and would go on as if session and transaction were still there.
class PqxxConnection final : public pqxx::connection_base {
 public:
  explicit PqxxConnection(PGconn* connected);
  ~PqxxConnection();

 private:
  class Policy final : public pqxx::connectionpolicy {
   public:
    explicit Policy(PGconn* connected) : pqxx::connectionpolicy(""), connected_(connected) {}
    handle do_startconnect(handle original) override;
    handle do_completeconnect(handle original) override { return original; }

   private:
    PGconn* connected_;
  };

  Policy policy_;
};
#endif

/// Takes ownership of an established connection; `connected` stays good for COPY while the result lives.
std::unique_ptr<PqxxConnection> adopt_connection(PGconn* connected);

/// A statement with text parameters $1 ….
pqxx::result exec_with(pqxx::work& transaction, const std::string& sql, const std::vector<std::string>& parameters);

/// False: libpqxx only let it through, as std::bad_alloc.
bool thrown_by_pqxx(const std::exception& e);

/// The SQLSTATE that came with an error; empty if there was none.
std::string sqlstate_of(const std::exception& e);

}  // namespace forebay
