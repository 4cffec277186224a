#pragma once

namespace bench {

/// Which there are is known at run time only.
void register_sinks();

}  // namespace bench
