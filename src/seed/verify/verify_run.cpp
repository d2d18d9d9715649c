#include "pgseed/seed/verify/verify_run.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/current_error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/seed/carrier.hpp"
#include "pgseed/seed/tally.hpp"
#include "pgseed/seed/verify/verifier.hpp"

namespace pgseed::seed {
namespace {

class Run {
 public:
  Run(Options options, const VerifyOptions& verify_options, const Services& services,
      LoadedBefore before, VerifyRun& out)
      : options_(std::move(options)),
        verify_options_(verify_options),
        services_(services),
        before_(std::move(before)),
        out_(out),
        started_(services.clock()),
        tally_({}, ""),
        inputs_({&options_, services.transport, services.catalogue,
                 [this](const std::string& line) { note(line); }}) {
    options_.verify = true;
    options_.takes_empty = verify_options.exact;
    // COPY carries values that PostgREST cannot.
    if (!services.database_url.empty()) options_.via = Via::direct;
  }

  void go() {
    inputs_.open();
    out_.files = inputs_.files();
    const bool direct = !services_.database_url.empty();
    out_.report.target = services_.target;
    if (direct) {
      inputs_.connected_directly();
    } else {
      connection_ = services_.connect();
      out_.report.target = connection_.endpoint.base_url;
      inputs_.connected(connection_);
    }
    survey(direct);
    out_.files = inputs_.files();
    RunTables tables(options_, tally_, &inputs_.types());
    const auto to_notes = [this](const std::string& line) { note(line); };
    const RunPlan plan = make_plan(inputs_, options_, tables, to_notes);
    const std::unique_ptr<Verifier> verifier = make_verifier(verifier_setup());
    walk_for(*verifier, inputs_, plan, options_, tables, inputs_.order());
    verifier->finish(out_.report);
  }

  void finish() {
    out_.report.seconds = std::chrono::duration<double>(services_.clock() - started_).count();
    out_.signal = interrupt::signal_number();
  }

 private:
  // What cannot be compared is refused as what cannot be loaded is; what to do is not the same.
  void survey(bool direct) {
    try {
      inputs_.survey();
    } catch (OnlyDirect& need) {
      if (!direct) {
        need.hint =
            "set DATABASE_URL, over which all but expressions can be compared; or leave such rows "
            "out with --skip-unsupported";
      }
      throw;
    }
  }

  VerifierSetup verifier_setup() {
    VerifierSetup setup;
    setup.options = &options_;
    setup.order = inputs_.order();
    setup.verify = verify_options_;
    setup.before = before_;
    setup.note = [this](const std::string& line) { note(line); };
    setup.database_url = services_.database_url;
    if (options_.deadline) setup.deadline = started_ + *options_.deadline;
    setup.transport = services_.transport;
    setup.endpoint = &connection_.endpoint;
    return setup;
  }

  void note(const std::string& line) {
    std::vector<std::string>& notes = out_.report.notes;
    if (std::find(notes.begin(), notes.end(), line) == notes.end()) notes.push_back(line);
  }

  Options options_;
  const VerifyOptions verify_options_;
  const Services& services_;
  const LoadedBefore before_;
  VerifyRun& out_;
  std::chrono::steady_clock::time_point started_;
  Tally tally_;
  RunInputs inputs_;
  rest::Connection connection_;
};

}  // namespace

std::optional<Error> VerifyRun::outcome() const {
  if (error || signal != 0) return error;
  return report.error();
}

int VerifyRun::exit_code() const {
  if (signal != 0) return 128 + signal;
  const std::optional<Error> ended = outcome();
  return ended ? pgseed::exit_code(ended->kind) : 0;
}

VerifyRun verify(const Options& options, const VerifyOptions& verify_options,
                 const Services& services, LoadedBefore before) {
  VerifyRun out;
  std::optional<Run> run;
  const auto guarded = [&](const auto& work) {
    try {
      work();
    } catch (const Interrupted&) {
      // out.signal tells
    } catch (...) {
      const Error error = current_error();
      if (!out.error) out.error = error;
    }
  };
  guarded([&] { run.emplace(options, verify_options, services, std::move(before), out); });
  if (!run) return out;
  guarded([&] { run->go(); });
  run->finish();
  return out;
}

void walk_for(Verifier& verifier, RunInputs& inputs, const RunPlan& plan, const Options& options,
              RunTables& tables, const Model* order) {
  std::vector<std::string> files;
  for (std::size_t part = 0; part < inputs.size(); ++part) files.push_back(inputs.name(part));
  verifier.begin(files);
  for (std::size_t pass = 0; pass < plan.order.passes; ++pass) {
    for (std::size_t part = 0; part < inputs.size(); ++part) {
      verifier.begin_file(part);
      const Walk walk{&options, &tables, order, part, pass, inputs.surveyed(part)};
      const auto input = inputs.open_part(part);
      walk_rows(*input, walk, verifier);
      inputs.require_same(part, *input);
    }
  }
  for (const OrderedTable& table : plan.tables) {
    if (table.is_empty) verifier.take_empty(tables.table(table.name));
  }
}

}  // namespace pgseed::seed
