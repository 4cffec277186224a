// Uses an installed forebay by its public headers alone. Prints "version id", both known beforehand (see run.sh).
#include <cstdio>

#include "forebay/file_record.hpp"
#include "forebay/version.hpp"

int main() {
  // A function of the library, so that the link is tried and not only the headers.
  std::printf("%s %lld\n", FOREBAY_VERSION, static_cast<long long>(forebay::backup_set_id("consumer")));
}
