#pragma once
// The descriptors that a process is started with.

namespace pgseed {

// Takes the places of standard input, output and error where they are closed: a ledger or a
// connection would get their number, and what is printed would go there. Whoever reads or writes
// them still fails.
void hold_standard_descriptors();

}  // namespace pgseed
