#include "sink/postgres/client_versions.hpp"

#include <libpq-fe.h>

#include <pqxx/version>

namespace forebay {

std::string postgres_client_versions() {
  const int version = PQlibVersion();  // 150008 is 15.8
  return std::string("libpqxx ") + PQXX_VERSION + ", libpq " + std::to_string(version / 10'000) + "." +
         std::to_string(version % 10'000);
}

}  // namespace forebay
