#include "support/in_child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <exception>

#include "forebay/error.hpp"

namespace forebay::test {

std::string in_child(const std::function<void()>& body) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) return "cannot make a pipe";
  const pid_t child = ::fork();
  if (child < 0) return "cannot fork";
  if (child == 0) {
    ::close(pipe[0]);
    ::alarm(60);  // rather than hold up all that follows
    std::string failure;
    try {
      body();
    } catch (const std::exception& e) {
      failure = e.what();
      if (failure.empty()) failure = "an exception without a message";
    }
    const ssize_t written = ::write(pipe[1], failure.data(), failure.size());
    ::_exit(failure.empty() && written == 0 ? 0 : 1);
  }
  ::close(pipe[1]);
  std::string failure;
  std::array<char, 512> some{};
  for (ssize_t n = 0; (n = ::read(pipe[0], some.data(), some.size())) > 0;) {
    failure.append(some.data(), static_cast<std::size_t>(n));
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return std::string("ended by ") + ::strsignal(WTERMSIG(status));
  if (failure.empty() && WEXITSTATUS(status) != 0) return "exit status " + std::to_string(WEXITSTATUS(status));
  return failure;
}

std::string expect_error(const std::function<void()>& call, const std::string& part) {
  try {
    call();
  } catch (const Error& e) {
    expect(std::string(e.what()).find(part) != std::string::npos, "\"" + part + "\" in \"" + e.what() + "\"");
    return e.what();
  }
  throw std::runtime_error("expected an error with \"" + part + "\"");
}

}  // namespace forebay::test
