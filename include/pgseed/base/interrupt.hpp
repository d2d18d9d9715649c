#pragma once
// SIGINT, SIGTERM and the end of the time given as a question that long work asks. One request at a
// time in one process.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/base/error.hpp"

namespace pgseed {

// Thrown by what cannot go on because of a stop request (reading a silent pipe, a wait).
struct Interrupted {};

}  // namespace pgseed

namespace pgseed::interrupt {

// Installs the handlers and makes the wake-up pipe; SIGXFSZ is ignored. Called once, by main.
void install();

// 0 while nothing was asked; SIGINT or SIGTERM after the first signal: finish what is under way.
// SIGALRM when the time is up.
int signal_number();

// From now on the process has that long. When the time is up, that is a stop request of the second
// kind: stop now. It reaches whatever waits (a poll, a sleep, a silent pipe), as signals do.
// Unset: it has all the time again.
void stop_after(std::optional<std::chrono::milliseconds> duration);
// True once that time is over, unless a signal came first.
bool time_is_up();
// What is left of it, at least 1 ms; unset when no time was set.
std::optional<std::chrono::milliseconds> time_left();

// True after the second signal: stop now.
bool stop_now();

// What a run ends with then; doing: what it was at, "reading the files".
Error time_is_up_error(std::string_view doing);

// What a run ends with after a signal (of signal_number()); hint: how to go on, or empty.
Error signal_error(int signal, std::string hint = {});

// Sleeps; throws Interrupted as soon as a stop request arrives.
void pause(std::chrono::milliseconds duration);

// Becomes readable with the first signal (for poll loops); -1 before install().
int wake_descriptor();

}  // namespace pgseed::interrupt
