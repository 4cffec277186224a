#include "engine/control_service.hpp"

#include <cstdlib>
#include <fstream>
#include <system_error>
#include <utility>

#include "forebay/error.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

/// For those who look for the socket.
void write_record(const fs::path& record, const fs::path& socket) {
  std::ofstream out(record);
  out << socket.string() << '\n';
  out.close();
  if (!out) throw Error(ErrorCode::local, "cannot write " + record.string());
}

}  // namespace

ControlService::ControlService(const StateDirectory& state, const BufferFolder* folder, control::Calls calls,
                               const LogCallback& log) {
  control::remove_dead_sockets(state.path() / "run");
  if (folder == nullptr) return;
  try {
    open(state, *folder, std::move(calls), log);
  } catch (const std::exception& e) {
    server_.reset();
    socket_.reset();
    if (log) {
      log(LogLevel::warning, std::string("no control socket: ") + e.what() +
                                 "; `forebay status` and `force-sync` cannot reach this process");
    }
  }
}

void ControlService::open(const StateDirectory& state, const BufferFolder& folder, control::Calls calls,
                          const LogCallback& log) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string& buffer = folder.manifest.buffer;
  const fs::path place = control::choose_socket(state.path(), buffer, runtime == nullptr ? "" : runtime);
  const bool usual = place == control::usual_socket(state.path(), buffer);
  socket_.emplace(place);
  if (!usual) {
    control::remove_dead_sockets(place.parent_path());
    record_ = folder.path / kSocketPlaceName;
    write_record(record_, place);
  }
  server_ = std::make_unique<control::Server>(socket_->take_descriptor(), std::move(calls), log);
}

ControlService::~ControlService() {
  server_.reset();
  socket_.reset();
  std::error_code ignored;
  if (!record_.empty()) fs::remove(record_, ignored);
}

}  // namespace forebay
