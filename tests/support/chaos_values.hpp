#pragma once
// Random values of the campaign's columns.
#include <array>
#include <cstddef>

#include "support/chaos_work.hpp"

namespace pgseed::test {

// Their types stand in chaos_schema().
constexpr std::array kChaosColumns = {"v", "n", "b", "d", "t", "m", "f",
                                      "u", "j", "y", "a", "c", "e"};

ChaosValue random_chaos_value(Random& random, std::size_t column);

}  // namespace pgseed::test
