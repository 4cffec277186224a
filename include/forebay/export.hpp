#pragma once

/// Marks what the library exports. Everything else in it is compiled with hidden visibility: a shared forebay has no
/// other symbols, and a name of its interior cannot clash with one of the program's.
#define FOREBAY_EXPORT __attribute__((visibility("default")))
