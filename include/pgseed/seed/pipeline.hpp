#pragma once
// A seeding run from the first look at the files to the last answer:
//
//   open -> connect -> first pass (survey) -> order -> preflight -> [FORCE: empty] -> load ->
//   report
//
// over PostgREST (rest_run) or, asked to or where only that can carry it (carrier), over the direct
// connection (direct_run).
//
// The load pulls: an answer frees a slot, the slot takes the next batch, rows are parsed while
// others are in flight. Nobody reads ahead of a free slot, so memory, order and LIMIT need no
// queue.
#include <functional>
#include <optional>
#include <string>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"
#include "pgseed/seed/run_inputs.hpp"

namespace pgseed::seed {

struct Services {
  Transport* transport = nullptr;
  // Where it will connect, for the report; without secrets.
  std::string target;
  // Connects to the API; called after the files were opened and recognised. Throws Error.
  std::function<rest::Connection()> connect;
  // Empty function: no direct connection is configured. Called only when a file needs it.
  ReadCatalogue catalogue;
  // Of the direct connection, with its secrets; empty: none is configured.
  std::string database_url;
  // What makes it seem to lead to another database than the API, "DATABASE_URL is on another
  // machine than the API"; empty: nothing does.
  std::string database_elsewhere;
  // The option that keeps a run with PostgREST; empty: what only the direct connection can carry
  // may go there.
  std::string stays_with_rest;
  // Called before a run goes over it of its own accord; throws Error to prevent that. May be empty.
  std::function<void()> before_direct;
  Observer* observer = nullptr;
  std::function<std::chrono::steady_clock::time_point()> clock;  // steady_clock::now in real life
};

// Never throws for what can be reported: the report holds the error, and the counts up to it.
Report run(const Options& options, const Services& services);

}  // namespace pgseed::seed
