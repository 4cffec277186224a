#include "control/calls.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <system_error>
#include <utility>

#include "forebay/error.hpp"

namespace forebay::control {

bool Jobs::start(std::function<Json()> work, std::function<void(const Json&)> done) {
  if (closed_) return false;
  reap();
  if (jobs_.size() >= jobs_max_) return false;

  Job& job = jobs_.emplace_back();
  try {
    job.thread = std::thread([this, &job, work = std::move(work), done = std::move(done)]() mutable {
      Json reply;
      try {
        reply = work();
      } catch (const Error& e) {
        reply = error_reply(e.code(), e.what());
      } catch (const std::exception& e) {
        reply = error_reply(ErrorCode::local, e.what());
      }
      boost::asio::post(io_, [done = std::move(done), reply = std::move(reply)] { done(reply); });
      job.done = true;
    });
  } catch (const std::system_error&) {  // no more threads
    jobs_.pop_back();
    return false;
  }
  return true;
}

void Jobs::join() {
  for (Job& job : jobs_) job.thread.join();
  jobs_.clear();
}

void Jobs::reap() {
  jobs_.remove_if([](Job& job) {
    if (!job.done) return false;
    job.thread.join();
    return true;
  });
}

}  // namespace forebay::control
