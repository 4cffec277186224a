#include "control/frame.hpp"

namespace forebay::control {

std::string encode_frame(std::string_view body) {
  std::string frame;
  frame.reserve(sizeof(FrameHead) + body.size());
  for (unsigned shift = 0; shift < 32; shift += 8) frame += static_cast<char>(body.size() >> shift & 0xffU);
  frame += body;
  return frame;
}

}  // namespace forebay::control
