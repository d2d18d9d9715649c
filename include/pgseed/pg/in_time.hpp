#pragma once
// Calls of libpq that wait for the network without end.
#include <chrono>
#include <functional>

namespace pgseed::pg {

// Runs the work in a thread of its own and waits for its end, but no longer than that: then it is
// left to itself. It must own what it uses, and must not throw.
void run_in_time(std::chrono::milliseconds longest, std::function<void()> work);

}  // namespace pgseed::pg
