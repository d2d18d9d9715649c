#pragma once
// What CLI11's own checks tell less clearly: "--batch-bytes: 1MiB is no whole number of bytes".
namespace CLI {
class Validator;
}

namespace pgseed::cli {

// Digits alone. of: what is counted, "rows".
CLI::Validator whole_number(const char* of);
// A number, with a decimal point or without; the command says which ones make sense.
CLI::Validator number_of_seconds();

}  // namespace pgseed::cli
