#include "sink/postgres/pqxx.hpp"

#include <utility>

namespace forebay {
namespace {

template <typename... Types>
bool is_one_of(const std::exception& e) {
  return ((dynamic_cast<const Types*>(&e) != nullptr) || ...);
}

}  // namespace

#if PQXX_VERSION_MAJOR >= 7

std::unique_ptr<PqxxConnection> adopt_connection(PGconn* connected) {
  return std::make_unique<PqxxConnection>(pqxx::connection::seize_raw_connection(connected));
}

#else

PqxxConnection::PqxxConnection(PGconn* connected) : pqxx::connection_base(policy_), policy_(connected) {
  init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // the only way to keep 6.x from reconnecting
  activate();
  inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

PqxxConnection::~PqxxConnection() { close(); }

PqxxConnection::Policy::handle PqxxConnection::Policy::do_startconnect(handle original) {
  if (original != nullptr) return original;
  return std::exchange(connected_, nullptr);
}

std::unique_ptr<PqxxConnection> adopt_connection(PGconn* connected) {
  return std::make_unique<PqxxConnection>(connected);
}

#endif

pqxx::result exec_with(pqxx::work& transaction, const std::string& sql, const std::vector<std::string>& parameters) {
#if PQXX_VERSION_MAJOR >= 7
  pqxx::params given;
  given.append_multi(parameters);
#if PQXX_VERSION_MAJOR > 7 || PQXX_VERSION_MINOR >= 10
  return transaction.exec(sql, given);
#else
  return transaction.exec_params(sql, given);
#endif
#else
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
#endif
}

bool thrown_by_pqxx(const std::exception& e) {
#if PQXX_VERSION_MAJOR >= 7
  // Without a base class of their own.
  return is_one_of<pqxx::failure, pqxx::internal_error, pqxx::usage_error, pqxx::argument_error, pqxx::conversion_error,
                   pqxx::range_error>(e);
#else
  return is_one_of<pqxx::pqxx_exception>(e);
#endif
}

std::string sqlstate_of(const std::exception& e) {
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&e)) return sql->sqlstate();
  // 6.4 keeps the SQLSTATE of some errors in their type only, and so does 7.x that of one.
  if (is_one_of<pqxx::deadlock_detected>(e)) return "40P01";
  if (is_one_of<pqxx::statement_completion_unknown>(e)) return "40003";
  if (is_one_of<pqxx::serialization_failure>(e)) return "40001";
  if (is_one_of<pqxx::transaction_rollback>(e)) return "40000";
  if (is_one_of<pqxx::too_many_connections>(e)) return "53300";
  return {};
}

}  // namespace forebay
