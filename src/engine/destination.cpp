#include "engine/destination.hpp"

#include "sink/postgres/destination.hpp"
#include "sink/sqlite/destination.hpp"

namespace forebay {

std::unique_ptr<Destination> make_destination(const DestinationUrl& url, const DestinationOptions& options) {
  if (url.is_catalog()) return make_sqlite_destination(url.catalog_file(), options);
  return make_postgres_destination(url, options);
}

std::unique_ptr<Destination> make_destination(std::string_view url, const DestinationOptions& options) {
  return make_destination(destination_url(url), options);
}

}  // namespace forebay
