#pragma once

#include <functional>
#include <string>

#include "adoption/adoption.hpp"
#include "forebay/options.hpp"
#include "state/totals.hpp"

namespace forebay {

/// What the destination's batch ledger says of a buffer. Throws Error when it cannot be asked.
using LedgerLookup = std::function<BufferTotals(const std::string& buffer)>;

/// For an adopted buffer all of whose segments have landed: its totals are recorded, then its folder goes. False when
/// something must stay in it (rows in quarantine, what cannot be read), or the ledger could not be asked: the next
/// adopter tries again.
bool finish_adoption(const StateDirectory& state, const AdoptedBuffer& adopted, const LedgerLookup& ledger,
                     const LogCallback& log);

}  // namespace forebay
