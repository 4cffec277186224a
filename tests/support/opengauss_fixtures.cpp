#include <catch2/catch.hpp>

#include "sink/fixtures.hpp"

namespace forebay::test {
namespace {

OpenGaussTraits traits_of(const OpenGaussRelease& release) {
  return {release.values_for_excluded ? UpsertForm::duplicate_key_values : UpsertForm::duplicate_key_where,
          release.idle_in_transaction ? 1000 : 0, release.idle_in_transaction, release.empty_is_null()};
}

}  // namespace

OpenGaussFixture::OpenGaussFixture(const OpenGaussRelease& release)
    : release_(release), dialect_(traits_of(release)), server_(OpenGaussStandIn::of_environment(release)) {}

bool OpenGaussFixture::available() const {
  if (!PostgresFixture::available()) return false;
  if (server_ == nullptr) WARN("skipped: PGHOST is no folder of Unix sockets, which the stand-in leads to");
  return server_ != nullptr;
}

std::string OpenGaussFixture::url() const { return server_->url("&options=-csearch_path%3D" + schema()); }

}  // namespace forebay::test
