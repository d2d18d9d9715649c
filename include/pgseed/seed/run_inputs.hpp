#pragma once
// What a run reads: its files opened, recognised and read through once, and what the target knows
// of their tables. Everybody who needs the rows of a run (loading them, comparing them) begins
// here:
//
//   open() -> [connected()] -> survey() -> open_part(n) for every pass over part n
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "pgseed/seed/ledger/ledger_state.hpp"
#include "pgseed/seed/options.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::seed {

// The complete catalogue of some schemas, over the direct connection.
using ReadCatalogue = std::function<Model(const std::optional<std::vector<std::string>>& schemas)>;

class RunInputs {
 public:
  // All must outlive it. options: --table of CSV and JSON rows is put into the name that the
  // mapping gives it. catalogue: an empty function without a direct connection. note: for the
  // report, once per text.
  struct Setup {
    Options* options = nullptr;
    Transport* transport = nullptr;
    ReadCatalogue catalogue;
    std::function<void(const std::string&)> note;
  };
  explicit RunInputs(Setup setup);

  // Every file can be opened and is what we read, before anybody is asked anything. Throws
  // Error{input, usage}.
  void open();
  // The API was found: it tells the types of its schema's tables.
  void connected(const rest::Connection& connection);
  // There is no API: the catalogue tells everything.
  void connected_directly();
  // Reads the files through, where the options and the files allow it. Throws Error{input} for
  // broken text and for what cannot be sent, having written nothing; OnlyDirect where the direct
  // connection could carry all of that.
  void survey();

  std::size_t size() const { return parts_.size(); }
  const std::vector<FileReport>& files() const { return files_; }
  // Of the part, for messages: "a.sql", "<stdin>".
  const std::string& name(std::size_t index) const { return names_[index]; }
  sql::Dialect dialect(std::size_t index) const { return dialects_[index]; }
  // A fresh reader of the part, from its beginning. Of a pipe there is one.
  std::unique_ptr<DumpInput> open_part(std::size_t index) const;
  // A pass over the part is over: it has read what the survey read. Throws Error{input} where the
  // file was written to meanwhile.
  void require_same(std::size_t index, const DumpInput& input) const;
  // The same of all parts, by what the file system says of their files.
  void require_untouched() const;
  // What tells this text from others of the same name: its size and hash, from the survey or, where
  // there was none, by reading it through now; a pipe has none.
  LedgerSource source(std::size_t index) const;
  std::vector<LedgerSource> sources() const;  // of all parts
  // The name alone, the same from every working directory.
  std::string source_name(std::size_t index) const;
  // A part that can be read once only: what is there of it; else nullptr.
  DumpInput* stream(std::size_t index);

  bool surveyed(std::size_t index) const;
  bool all_surveyed() const;
  bool all_repeatable() const;  // no pipe among them
  bool all_files() const;       // and none that was copied to be repeatable
  // By part; empty for one that is not surveyed.
  const std::vector<FileSurvey>& surveys() const { return surveys_; }
  std::uint64_t rows_total() const { return rows_total_; }
  std::uint64_t sequence_statements() const { return sequences_; }

  // The types of the target's tables, as far as it tells them.
  const Model& types() const { return types_; }
  bool types_are_complete() const { return has_openapi_ || catalogue_read_; }
  bool has_openapi() const { return has_openapi_; }
  // The target's columns in order; nullptr: not known.
  const Model* order() const { return catalogue_read_ ? &order_ : nullptr; }

  // A name for this work: these files as they are, loaded with these options. A file that was
  // written to since has another. Empty where that cannot be told (a pipe).
  std::string work() const;
  // Another run of it gets them in the same order with the same values.
  bool rows_come_the_same() const;

  // What the mapping speaks of must have come. more: from parts that were not surveyed. Throws
  // Error{usage}.
  void require_mapping_used(const MappingUse& more);

 private:
  TableName named_table() const;
  void take_named_table();
  void tell_json_columns(DumpInput& input) const;
  FileSurvey survey_part(std::size_t index);
  bool read_catalogue(const FileSurvey& file);
  bool learn_schemas(const FileSurvey& file);
  const char* cannot_go() const;
  void require_supported(const FileSurvey& file, const std::optional<std::string>& cargo);
  void require_rows();

  Options& options_;
  Transport* transport_;
  ReadCatalogue catalogue_;
  std::function<void(const std::string&)> note_;
  std::vector<InputPart> parts_;
  std::vector<FileReport> files_;  // by part, as are all that follow
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<DumpInput>> streams_;  // pipes, which can be read once
  std::vector<sql::Dialect> dialects_;
  std::vector<FileSurvey> surveys_;
  std::vector<std::string> stamps_;  // of the files, before they were surveyed
  rest::Endpoint endpoint_;
  bool is_connected_ = false;
  bool has_openapi_ = false;
  bool is_direct_ = false;
  Model types_;
  Model order_;
  bool catalogue_read_ = false;
  std::vector<std::string> catalogue_schemas_, other_schemas_;  // that were asked for
  std::uint64_t rows_total_ = 0;
  std::uint64_t sequences_ = 0;
};

}  // namespace pgseed::seed
