#pragma once

#include <memory>
#include <optional>

#include "control/server.hpp"
#include "control/socket_place.hpp"
#include "forebay/options.hpp"
#include "state/state_directory.hpp"

namespace forebay {

/// The control socket of one buffer, while it lives. A buffer works without one: whatever stands in the way is one
/// warning.
class ControlService {
 public:
  /// Clears away the sockets of dead processes, and opens one for `folder`; null: none is wanted.
  ControlService(const StateDirectory& state, const BufferFolder* folder, control::Calls calls, const LogCallback& log);
  ControlService(const ControlService&) = delete;
  ControlService& operator=(const ControlService&) = delete;
  /// Waits for commands under way: have what they wait for ended before.
  ~ControlService();

 private:
  void open(const StateDirectory& state, const BufferFolder& folder, control::Calls calls, const LogCallback& log);

  std::filesystem::path record_;  // file in the buffer's folder, when the socket is not in the usual place
  std::optional<control::ListeningSocket> socket_;
  std::unique_ptr<control::Server> server_;
};

}  // namespace forebay
