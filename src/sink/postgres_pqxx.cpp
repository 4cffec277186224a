#include "sink/postgres_pqxx.hpp"

#include <utility>

namespace forebay {

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
  return transaction.exec_params(sql, given);
#else
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
#endif
}

}  // namespace forebay
