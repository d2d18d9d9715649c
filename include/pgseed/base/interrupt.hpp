#pragma once
// SIGINT and SIGTERM as a question that long work asks. One request at a time in one process.
#include <chrono>

namespace pgseed {

// Thrown by what cannot go on because of a stop request (reading a silent pipe, a wait).
struct Interrupted {};

}  // namespace pgseed

namespace pgseed::interrupt {

// Installs the handlers and makes the wake-up pipe; SIGXFSZ is ignored. Called once, by main.
void install();

// 0 while nothing was asked; SIGINT or SIGTERM after the first signal: finish what is under way.
int signal_number();

// True after the second signal: stop now.
bool stop_now();

// Sleeps; throws Interrupted as soon as a stop request arrives.
void pause(std::chrono::milliseconds duration);

// Becomes readable with the first signal (for poll loops); -1 before install().
int wake_descriptor();

}  // namespace pgseed::interrupt
