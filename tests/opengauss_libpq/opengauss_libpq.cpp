// Loaded before libpq (LD_PRELOAD) by tests that run the command as with openGauss's own libpq, where that differs for
// its callers. From its sources (6.0.0): PQconninfoOption has a further last member (libpq-fe.h), and an empty value is
// taken for one, so that an empty target_session_attrs is refused (fe-connect.cpp; seen on a real one).

#include <dlfcn.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

namespace {

struct Option {
  PQconninfoOption as_in_postgres;
  std::size_t valsize;
};

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

std::mutex mutex;
std::set<void*> given_out;  // guarded by mutex

PQconninfoOption* as_in_opengauss(PQconninfoOption* options) {
  if (options == nullptr) return nullptr;
  std::size_t count = 0;
  while (options[count].keyword != nullptr) ++count;
  auto* own = static_cast<Option*>(std::calloc(count + 1, sizeof(Option)));
  const std::lock_guard lock(mutex);
  given_out.insert(own);
  for (std::size_t i = 0; i < count; ++i) {
    own[i] = {options[i], options[i].val != nullptr ? std::strlen(options[i].val) : 0};
  }
  return reinterpret_cast<PQconninfoOption*>(own);
}

}  // namespace

extern "C" {

PQconninfoOption* PQconninfoParse(const char* text, char** error) {
  return as_in_opengauss(next<decltype(&PQconninfoParse)>("PQconninfoParse")(text, error));
}

PQconninfoOption* PQconndefaults() { return as_in_opengauss(next<decltype(&PQconndefaults)>("PQconndefaults")()); }

void PQconninfoFree(PQconninfoOption* options) {
  {
    const std::lock_guard lock(mutex);
    // libpq frees arrays of its own by this as well.
    if (given_out.erase(options) == 0) return next<decltype(&PQconninfoFree)>("PQconninfoFree")(options);
  }
  for (auto* own = reinterpret_cast<Option*>(options); own != nullptr && own->as_in_postgres.keyword != nullptr; ++own)
    std::free(own->as_in_postgres.val);
  std::free(options);
}

PGconn* PQconnectStartParams(const char* const* keywords, const char* const* values, int expand_dbname) {
  const auto connect = next<decltype(&PQconnectStartParams)>("PQconnectStartParams");
  for (std::size_t i = 0; keywords[i] != nullptr; ++i) {
    if (values[i] != nullptr && *values[i] == '\0') {
      const char* const one_keyword[] = {"target_session_attrs", nullptr};
      const char* const refused[] = {"an empty value", nullptr};
      return connect(one_keyword, refused, 0);
    }
  }
  return connect(keywords, values, expand_dbname);
}

}  // extern "C"
