#pragma once
// The references that rows went without (seed/order/circles) are set when all rows are there: the
// rows of those tables go out again, whole, and update what is stored. Doing it twice does no harm,
// so no ledger is kept of it: a run that was stopped begins it anew.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/run_inputs.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/seed/send/loader.hpp"
#include "pgseed/seed/send/sender.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

class SecondPass {
 public:
  // All that it points to must outlive it.
  struct Setup {
    const Options* options = nullptr;  // of the run
    const RunInputs* inputs = nullptr;
    RunTables* tables = nullptr;   // of the run, with what each holds back
    const Tally* tally = nullptr;  // knows which rows were refused
    Transport* transport = nullptr;
    const rest::Endpoint* endpoint = nullptr;
    Observer* observer = nullptr;
    SenderOptions sender;
    Sender::Clock clock;
    std::function<void(const std::string&)> note;
  };
  explicit SecondPass(const Setup& setup);

  // Before the first row of the run: may the rows be updated? Throws Error{refused}.
  void prepare();
  // After the last one. Throws Error{rows} for a reference that the table refuses: everything is
  // stored then, with that reference left out.
  void run();

  std::uint64_t requests() const { return sender_.requests(); }
  std::uint64_t retries() const { return sender_.retries(); }
  std::uint64_t bytes_sent() const { return sender_.bytes_sent(); }

 private:
  static Options changed(const Options& options);
  void load();
  std::string held_columns() const;

  Setup setup_;
  Options options_;
  Tally tally_;
  RunTables tables_;
  Sender sender_;
  std::unique_ptr<Loader> loader_;
};

}  // namespace pgseed::seed
