// TLS as libpq has it, over loopback to a server of this file's own with certificates made here.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "engine/destination.hpp"
#include "support/places.hpp"
#include "support/private_postgres.hpp"
#include "support/scan_site.hpp"
#include "support/server_account.hpp"

namespace forebay::test {
namespace {

/// Certificates for "localhost" and for role "certain", signed by ca.crt; other.crt is another CA.
class Certificates {
 public:
  Certificates() {
    make_ca("ca");
    make_ca("other");
    make_signed("server", "localhost");
    make_signed("client", "certain");
    for (const char* name : {"server.key", "server.crt", "ca.crt"}) folder_.write(name, folder_.read(name));
    folder_.write("hba",
                  "local all all trust\n"
                  "hostssl all certain 127.0.0.1/32 cert\n"
                  "hostssl all locked 127.0.0.1/32 scram-sha-256\n"
                  "host all open 127.0.0.1/32 trust\n");
  }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  const ServerFolder& folder() const { return folder_; }

 private:
  void openssl(const std::vector<std::string>& arguments) const {
    CommandLine line;
    line.program = "/usr/bin/openssl";
    line.arguments = arguments;
    line.directory = folder_.path();
    const CommandResult result = run_command(line);
    if (result.status != 0) FAIL("openssl " << arguments[0] << ": " << result.err);
  }
  void make_key(const std::string& name) const {
    openssl({"ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key"});
  }
  void make_ca(const std::string& name) const {
    make_key(name);
    openssl(
        {"req", "-x509", "-new", "-key", name + ".key", "-days", "2", "-subj", "/CN=" + name, "-out", name + ".crt"});
  }
  void make_signed(const std::string& name, const std::string& subject) const {
    make_key(name);
    folder_.write(name + ".ext", "subjectAltName=DNS:" + subject);
    openssl({"req", "-new", "-key", name + ".key", "-subj", "/CN=" + subject, "-out", name + ".csr"});
    openssl({"x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
             "-extfile", name + ".ext", "-out", name + ".crt"});
  }

  const ServerFolder folder_;
};

/// One server for all cases. "certain" has to show a certificate, "locked" a password, "open" nothing.
class TlsServer {
 public:
  explicit TlsServer(bool tls) : postgres_(settings(tls)) {
    for (const char* role : {"certain", "open"})
      postgres_.exec(std::string("CREATE ROLE ") + role + " LOGIN SUPERUSER");
    postgres_.exec("CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'tls-canary'");
  }
  std::string url(const std::string& role, const std::string& parameters, const std::string& host = "localhost") const {
    return "postgresql://" + role + "@" + host + ":" + port() + "/forebay?hostaddr=127.0.0.1&" + parameters;
  }
  std::string file(const std::string& name) const { return certificates_ / name; }
  const ServerFolder& folder() const { return certificates_.folder(); }
  std::string port() const { return std::to_string(postgres_.port()); }
  std::string one(const std::string& sql) const { return postgres_.one(sql); }

 private:
  std::vector<std::string> settings(bool tls) const {
    if (!tls) return {};
    return {"ssl=on", "ssl_cert_file=" + file("server.crt"), "ssl_key_file=" + file("server.key"),
            "ssl_ca_file=" + file("ca.crt"), "hba_file=" + file("hba")};
  }

  const Certificates certificates_;
  const PrivatePostgres postgres_;
};

const TlsServer* tls_server() {
  if (!PrivatePostgres::available()) return nullptr;
  static const TlsServer kServer(true);
  return &kServer;
}

std::map<std::string, std::string> impatient() { return {{"SYNC_DRAIN_TIMEOUT", "1"}}; }

/// The service file of docs/connections.md, with this server's address.
std::string documented_service(const TlsServer& server) {
  std::ifstream page(source_directory() + "/docs/connections.md");
  std::string text{std::istreambuf_iterator<char>(page), {}};
  const auto begin = text.find("[archive]\n");
  REQUIRE(begin != std::string::npos);
  text = text.substr(begin, text.find("```", begin) - begin);
  for (const auto& [documented, here] :
       std::map<std::string, std::string>{{"host=db.example", "host=localhost\nhostaddr=127.0.0.1"},
                                          {"port=5432", "port=" + server.port()},
                                          {"dbname=backups", "dbname=forebay"},
                                          {"user=backup", "user=open"},
                                          {"/etc/forebay/ca.crt", server.file("ca.crt")}}) {
    const auto at = text.find(documented);
    REQUIRE(at != std::string::npos);
    text.replace(at, documented.size(), here);
  }
  return text;
}

TEST_CASE("verify-full with the right CA and name brings rows over TLS, however it is asked for",
          "[tls][postgres][threads]") {
  const TlsServer* server = tls_server();
  if (server == nullptr) return;
  const Tree tree;
  tree.file("a");
  const std::string verified = "sslmode=verify-full&sslrootcert=" + server->file("ca.crt");
  ScanSite site({}, impatient());
  SECTION("in the URL") { site.set("DATABASE_URL", server->url("open", verified)); }
  SECTION("in libpq's variables") {
    site.set("DATABASE_URL", server->url("open", ""));
    site.set("PGSSLMODE", "verify-full");
    site.set("PGSSLROOTCERT", server->file("ca.crt"));
  }
  SECTION("in a service file") {
    site.directory().write("services", documented_service(*server));
    site.set("PGSERVICEFILE", (site.directory() / "services").string());
    SECTION("named by PGSERVICE") { site.set("PGSERVICE", "archive"); }
    SECTION("named by the URL") { site.set("DATABASE_URL", "postgresql://?service=archive"); }
  }
  SECTION("with a client's certificate instead of a password") {
    const auto key = site.directory().write("client.key", server->folder().read("client.key"));
    std::filesystem::permissions(key, std::filesystem::perms::owner_read);
    site.set("DATABASE_URL",
             server->url("certain", verified + "&sslcert=" + server->file("client.crt") + "&sslkey=" + key.string()));
  }
  SECTION("with a password file") {
    const auto file = site.directory().write("passwords", "localhost:*:forebay:locked:tls-canary\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    site.set("PGPASSFILE", file.string());
    site.set("DATABASE_URL", server->url("locked", verified));
  }
  SECTION("with the second of several hosts") {
    site.set("DATABASE_URL", "postgresql://open@localhost:1,localhost:" + server->port() +
                                 "/forebay?hostaddr=127.0.0.1,127.0.0.1&" + verified);
  }
  const auto result = site.run({"scan", tree.path(), "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  const auto summary = summary_of(result);
  CHECK(summary.at("synced") == 2);
  CHECK(server->one("SELECT count(*) FROM backup_files WHERE backup_set_id = " + summary.at("backup_set_id").dump()) ==
        "2");
}

TEST_CASE("the connection that verify-full makes is encrypted", "[tls][postgres][threads]") {
  const TlsServer* server = tls_server();
  if (server == nullptr) return;
  const auto destination =
      make_destination(server->url("open", "sslmode=verify-full&sslrootcert=" + server->file("ca.crt")), {});
  const auto sink = destination->make_sink({});
  REQUIRE_FALSE(sink->open());
  CHECK(server->one("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = "
                    "'forebay'") == "t");
}

TEST_CASE("a certificate that does not verify ends a scan with 3 and says what to look at",
          "[tls][postgres][threads]") {
  const TlsServer* server = tls_server();
  if (server == nullptr) return;
  const Tree tree;
  tree.file("a");
  struct Case {
    std::string url;
    std::vector<std::string> says;
  };
  const std::string right = "sslmode=verify-full&sslrootcert=" + server->file("ca.crt");
  const std::vector<Case> cases = {
      {server->url("open", "sslmode=verify-full&sslrootcert=" + server->file("other.crt")),
       {"certificate verify failed", "sslrootcert"}},
      {server->url("open", right, "archive.example"), {"localhost", "does not match host name", "archive.example"}},
      {server->url("open", "sslmode=verify-full&sslrootcert=" + server->file("none.crt")),
       {"none.crt", "does not exist"}},
      {server->url("certain", right), {"client certificate"}},
      {server->url("open", right + "&sslcert=" + server->file("client.crt") + "&sslkey=" + server->file("none.key")),
       {"none.key", "private key"}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.url);
    const auto failure = make_destination(each.url, {})->make_sink({})->open();
    REQUIRE(failure);
    CHECK(failure->failure_class == FailureClass::login_or_target);
    for (const std::string& part : each.says) CHECK_THAT(failure->message, Catch::Contains(part));
  }
  const ScanSite site(cases.front().url, impatient());
  const auto result = site.run({"scan", tree.path(), "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(summary_of(result).at("destination_state") == "misconfigured");
  CHECK(says(result.err, "check sslmode, sslrootcert and the server's certificate"));
  CHECK(says(result.err, "forebay recover"));
  CHECK(site.run({"config", "check"}).status == 3);
}

TEST_CASE("a URL whose sslmode cannot be is refused with 2", "[tls][threads]") {
  const Tree tree;
  const ScanSite site("postgresql://u:tls-canary@localhost/forebay?sslmode=verify-ful", impatient());
  const auto result = site.run({"scan", tree.path()});
  CAPTURE(result.err);
  CHECK(result.status == 2);
  CHECK(says(result.err, "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full"));
  CHECK_FALSE(says(result.err, "tls-canary"));
}

TEST_CASE("where a server has no TLS, sslmode=require is refused, and prefer goes without",
          "[tls][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const TlsServer server(false);
  const Tree tree;
  tree.file("a");
  const ScanSite strict(server.url("open", "sslmode=require"), impatient());
  const auto refused = strict.run({"scan", tree.path(), "--json"});
  CAPTURE(refused.err);
  CHECK(refused.status == 3);
  CHECK(summary_of(refused).at("destination_state") == "misconfigured");
  CHECK(says(refused.err, "server does not support SSL"));
  CHECK(says(refused.err, "sslmode"));
  const ScanSite lax(server.url("open", "sslmode=prefer"), impatient());
  CHECK(lax.run({"scan", tree.path()}).status == 0);
}

}  // namespace
}  // namespace forebay::test
