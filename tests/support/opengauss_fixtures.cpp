#include <catch2/catch.hpp>
#include <cstdlib>

#include "sink/fixtures.hpp"

namespace forebay::test {
namespace {

OpenGaussTraits traits_of(const OpenGaussRelease& release) {
  return {release.upsert_where ? UpsertForm::duplicate_key_where : UpsertForm::duplicate_key_case,
          release.idle_in_transaction ? 1000 : 0, release.idle_in_transaction, release.empty_is_null()};
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

OpenGaussFixture::OpenGaussFixture(const OpenGaussRelease& release) : release_(release), dialect_(traits_of(release)) {
  const std::string folder = variable("PGHOST");
  if (folder.starts_with('/'))
    server_ = std::make_unique<OpenGaussStandIn>(folder + "/.s.PGSQL." + variable("PGPORT"), release);
}

bool OpenGaussFixture::available() const {
  if (!PostgresFixture::available()) return false;
  if (server_ == nullptr) WARN("skipped: PGHOST is no folder of Unix sockets, which the stand-in leads to");
  return server_ != nullptr;
}

std::string OpenGaussFixture::url() const {
  return "postgresql://" + variable("PGUSER") + "@127.0.0.1:" + std::to_string(server_->port()) + "/" +
         variable("PGDATABASE") + "?sslmode=disable&gssencmode=disable&options=-csearch_path%3D" + schema();
}

}  // namespace forebay::test
