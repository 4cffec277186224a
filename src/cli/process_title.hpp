#pragma once

namespace forebay::cli {

/// Overwrites the passwords of URLs in the process's own argument list, which every user of the machine can read (ps,
/// /proc/PID/cmdline). Each argument keeps its length; blanks fill what the mask leaves over. Copy the arguments first.
void hide_secrets(int argc, char** argv);

}  // namespace forebay::cli
