#include "sink/postgres/connect.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "sink/dialect.hpp"
#include "sink/postgres/hosts.hpp"
#include "sink/sqlstate.hpp"

namespace forebay {

namespace {

struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<NameLookup> found;  // guarded by mutex
};

std::atomic<int>& under_way() {
  static std::atomic<int> count{0};
  return count;
}

}  // namespace

NameLookup resolve_name(const std::string& name) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0)
    return {{}, gai_strerror(error)};

  NameLookup result;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    std::array<char, 128> text{};
    if (::getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0 &&
        std::find(result.addresses.begin(), result.addresses.end(), text.data()) == result.addresses.end()) {
      result.addresses.emplace_back(text.data());
    }
  }

  ::freeaddrinfo(list);
  if (result.addresses.empty()) result.error = "it has no address";
  return result;
}

NameLookup look_up_name(const std::string& name, std::chrono::milliseconds limit, const std::function<bool()>& give_up,
                        const Resolve& resolve) {
  if (under_way().fetch_add(1) >= kNameLookupsMax) {
    under_way().fetch_sub(1);
    return {{}, "earlier look-ups are not answered yet"};
  }

  const auto shared = std::make_shared<Shared>();
  try {
    std::thread([shared, name, resolve] {
      NameLookup found = resolve(name);
      under_way().fetch_sub(1);
      const std::lock_guard lock(shared->mutex);
      shared->found = std::move(found);
      shared->changed.notify_one();
    }).detach();
  } catch (const std::system_error& e) {
    under_way().fetch_sub(1);
    return {{}, "no thread for it: " + e.code().message()};
  }

  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(shared->mutex);
  while (!shared->found && !give_up() && std::chrono::steady_clock::now() < deadline) {
    constexpr std::chrono::milliseconds kSlice{50};
    shared->changed.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + kSlice));
  }
  return shared->found ? *shared->found : NameLookup{{}, "the resolver did not answer in time"};
}

namespace {

using Clock = std::chrono::steady_clock;

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

/// Why one server was not it, and whether the next of the list may be.
struct HostRefusal {
  FailureClass failure_class = FailureClass::unfit_for_now;
  std::string sqlstate;
  std::string text;
  std::string cure;
  bool next = true;
};

constexpr std::string_view kAway = "is the server running, and the address right?";

/// A setting that is not known, has no such value, or cannot be set at login: no table is met before that.
bool refuses_setting(const std::string& sqlstate) {
  return (sqlstate.starts_with("42") && sqlstate != "42501") || sqlstate.starts_with("22") || sqlstate == "55P02";
}

HostRefusal refusal_of(std::string_view libpq_says) {
  const ServerMessage said = parse_server_message(libpq_says);
  const ErrorRow* row = said.sqlstate.empty() ? find_client_error(said.text) : find_sqlstate(said.sqlstate);
  HostRefusal r{failure_class(said.sqlstate, Phase::connect), said.sqlstate, said.text, std::string(kAway), true};
  if (row != nullptr && said.sqlstate.empty()) r.failure_class = row->failure_class;
  if (row != nullptr && !row->cure.empty()) r.cure = row->cure;

  if (refuses_setting(said.sqlstate)) {
    r.failure_class = FailureClass::login_or_target;
    r.cure = "fix what is set at login: options= in the destination's URL, or PGOPTIONS";
  }
  // libpq asks the same question at the end of some of its messages.
  if (r.cure.starts_with("is the server running") && said.text.find("Is the server running") != std::string::npos)
    r.cure = {};

  // A server that refuses the login is the one that is meant, as libpq has it; another account is not locked for it.
  r.next = said.sqlstate.empty() || r.failure_class == FailureClass::unfit_for_now;
  return r;
}

[[noreturn]] void give_up(const PostgresTarget& target) {
  throw DestinationFailure(
      {FailureClass::unfit_for_now, "", "connecting to " + target.description + " was given up: forebay is stopping"});
}

HostRefusal too_late(const PostgresTarget& target) {
  return {FailureClass::unfit_for_now, "",
          "no answer within " + limit_text(target.connect_timeout) + " (SYNC_CONNECT_TIMEOUT)", std::string(kAway),
          true};
}

/// Either a connection, or why there is none.
Connection try_host(const PostgresTarget& target, const Watchdog& watchdog, const PostgresHost& host,
                    HostRefusal& why) {
  const auto deadline = Clock::now() + target.connect_timeout;
  std::array<const char*, 8> keywords = {};
  std::array<const char*, 8> values = {};
  std::size_t given = 0;
  const std::array<std::pair<const char*, const char*>, 7> parameters = {
      {{"dbname", target.url.c_str()},
       {"host", host.host.c_str()},
       {"hostaddr", host.hostaddr.c_str()},
       {"port", host.port.c_str()},
       {"target_session_attrs", host.target_session_attrs.c_str()},
       {"client_encoding", "UTF8"},
       {"fallback_application_name", "forebay"}}};
  for (const auto& [keyword, value] : parameters) {
    if (*value == '\0') continue;  // which openGauss's libpq would take for a value
    keywords.at(given) = keyword;
    values.at(given++) = value;
  }

  Connection connection(PQconnectStartParams(keywords.data(), values.data(), 1), &PQfinish);
  if (connection == nullptr) throw Error(ErrorCode::local, "no memory for a connection to " + target.description);
  // Verbose, because only so does libpq tell the SQLSTATE of an error at startup.
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);

  PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
  while (PQstatus(connection.get()) != CONNECTION_BAD && wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED) {
    pollfd ready = {PQsocket(connection.get()), static_cast<short>(wants == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                    0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (watchdog.interrupted()) give_up(target);
    if (left.count() <= 0) {
      why = too_late(target);
      return {nullptr, &PQfinish};
    }

    // In slices: the socket may change while libpq tries with TLS and without, so nobody else can shut it down.
    constexpr std::chrono::milliseconds kSlice{50};
    if (::poll(&ready, 1, static_cast<int>(std::min(left, kSlice).count())) > 0)
      wants = PQconnectPoll(connection.get());
  }

  if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
  why = refusal_of(PQerrorMessage(connection.get()));
  if (why.sqlstate == "42501") {
    why.cure = "as the database's owner run: GRANT CONNECT ON DATABASE " + quoted_identifier(PQdb(connection.get())) +
               " TO " + quoted_identifier(PQuser(connection.get()));
    if (*PQoptions(connection.get()) != '\0')
      why.cure += "; or leave out of options= and PGOPTIONS what the role may not set";
  }
  return {nullptr, &PQfinish};
}

/// The same once for each address of the host's name, so that libpq looks up nothing itself.
std::vector<PostgresHost> looked_up(const PostgresTarget& target, const Watchdog& watchdog, const PostgresHost& host,
                                    HostRefusal& why) {
  if (!needs_lookup(host)) return {host};
  const NameLookup found = look_up_name(host.host, target.connect_timeout, [&] { return watchdog.interrupted(); });
  if (watchdog.interrupted()) give_up(target);

  std::vector<PostgresHost> all;
  for (const std::string& address : found.addresses) {
    all.push_back(host);
    all.back().hostaddr = address;
  }
  if (all.empty()) why = refusal_of("could not translate host name \"" + host.host + "\" to address: " + found.error);
  return all;
}

}  // namespace

PGconn* connect_postgres(const PostgresTarget& target, const Watchdog& watchdog) {
  std::vector<HostRefusal> refusals;
  const auto keep = [&](const HostRefusal& why) {
    const bool known =
        std::any_of(refusals.begin(), refusals.end(), [&](const HostRefusal& r) { return r.text == why.text; });
    if (!known) refusals.push_back(why);
    return why.next;
  };

  bool go_on = true;
  const std::vector<PostgresHost> hosts = hosts_of(target.url);
  for (auto host = hosts.begin(); go_on && host != hosts.end(); ++host) {
    HostRefusal why;
    const std::vector<PostgresHost> addresses = looked_up(target, watchdog, *host, why);
    if (addresses.empty()) go_on = keep(why);
    for (auto address = addresses.begin(); go_on && address != addresses.end(); ++address) {
      if (Connection connection = try_host(target, watchdog, *address, why)) return connection.release();
      go_on = keep(why);
    }
  }

  // While one of them may come back, waiting helps; a login that one refused stands last, and counts.
  const auto away = std::find_if(refusals.begin(), refusals.end(),
                                 [](const HostRefusal& r) { return r.failure_class == FailureClass::unfit_for_now; });
  const HostRefusal& counts = !go_on || away == refusals.end() ? refusals.back() : *away;

  std::string message = "cannot connect to " + target.description + ": ";
  for (std::size_t i = 0; i < refusals.size(); ++i) message += (i == 0 ? "" : "; ") + refusals[i].text;
  if (!counts.sqlstate.empty()) message += " (" + counts.sqlstate + ")";
  add_clause(message, "; ", counts.cure);
  throw DestinationFailure({counts.failure_class, counts.sqlstate, message});
}

}  // namespace forebay
