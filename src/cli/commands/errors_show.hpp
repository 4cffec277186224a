#pragma once

#include <string>

#include "control/protocol.hpp"
#include "quarantine/view.hpp"

namespace forebay::cli {

// The values of refused rows, on request only: they are what the rows contain. Whatever would steer a terminal, or is
// not UTF-8, is escaped.

/// A line for each column, then how to drop the row.
std::string values_text(const QuarantinedRow& row);

/// Column → value: null, true, a number (text above 2^53, where jq and JavaScript round), else text as people see it.
/// Null when the record is damaged.
control::Json values_json(const QuarantinedRow& row);

/// For a shell: in single quotes.
std::string shell_quoted(const std::string& text);

}  // namespace forebay::cli
