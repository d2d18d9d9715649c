#pragma once
// What compares the rows of files with a target, by whichever connection.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/verify/verify.hpp"

namespace pgseed::seed {

// What it points to must outlive the verifier.
struct VerifierSetup {
  const Options* options = nullptr;
  // The target's columns: of the direct connection all schemas of the files, else maybe nullptr.
  const Model* order = nullptr;
  VerifyOptions verify;
  LoadedBefore before;
  std::function<void(const std::string&)> note;
  std::string database_url;  // a secret; empty: over PostgREST
  // Of the direct connection.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  // Of PostgREST.
  Transport* transport = nullptr;
  const rest::Endpoint* endpoint = nullptr;
};

// Takes the rows of the files, pass by pass as they are loaded, and tells at the end how they
// compare. Rows are numbered from 0 in the order they come.
class Verifier : public RowTaker {
 public:
  // The files of the run by their number, for messages.
  void begin(const std::vector<std::string>& files) { files_ = files; }
  void begin_file(std::size_t file) { file_ = file; }
  // A table that has no rows in the files, whose own rows are all too many.
  virtual void take_empty(const RunTable& table) = 0;
  virtual void finish(VerifyReport& report) = 0;

  bool ended() const override { return false; }
  void enter(RunTable& /*table*/) override {}
  void take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                        const sql::DumpReader& reader) override;
  void take_unsupported(const sql::Statement& statement) override;

 protected:
  explicit Verifier(VerifierSetup setup);

  // Throws unless --skip-unsupported passes it over.
  virtual void require_skipped(const std::string& what, std::uint64_t line) const = 0;
  // Of rows that cannot be compared: "that only a server can work out".
  virtual const char* what_is_skipped() const = 0;

  // The number of the row that comes now; nullopt: the load refused it, and it is not compared.
  std::optional<std::uint64_t> next_row();
  std::string place(std::uint64_t line) const;  // in the file at hand

  VerifierSetup setup_;
  const Options& options_;
  std::vector<std::string> files_;
  std::size_t file_ = 0;

 private:
  void note_once(const std::string& line, const std::string& about);

  std::uint64_t next_number_ = 0;
  std::size_t next_refused_ = 0;
  std::vector<std::string> noted_;
};

// The moment of the run, or an id made for it: nobody can say what the table holds there.
inline bool is_made_anew(const sql::Value& value) {
  return value.form == sql::Form::moment || value.form == sql::Form::random;
}

// Over the direct connection where the setup has one, else over PostgREST. Throws as the two do.
std::unique_ptr<Verifier> make_verifier(VerifierSetup setup);

}  // namespace pgseed::seed
