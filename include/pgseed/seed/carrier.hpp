#pragma once
// Which way a run takes when PostgREST cannot carry what its files hold. Pure.
//
// A run is carried as a whole: with --via auto everything goes over the direct connection, in one
// transaction and the file's order, or everything over PostgREST, or the file is refused with the
// ways out.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/seed/input/survey.hpp"
#include "pgseed/seed/options.hpp"

namespace pgseed::seed {

// A refusal that need not be: nothing was sent yet, and the direct connection could carry it all.
class OnlyDirect : public Error {
 public:
  OnlyDirect(const Error& refusal, std::string what) : Error(refusal), cargo(std::move(what)) {}
  std::string cargo;  // what it is: "a function call upper() (a.sql:3) and 4 more"
};

// What the files hold that only the direct connection carries, as OnlyDirect::cargo has it; nullopt
// where there is no such thing, or something that no way carries.
std::optional<std::string> only_direct(const std::vector<FileSurvey>& files);

// A time zone of rows that PostgREST does not know, and says nothing about. where: as below.
OnlyDirect zone_refusal(const std::string& zone, const std::string& where);

// Values for a GENERATED ALWAYS AS IDENTITY column. where: of the statement that has them.
OnlyDirect identity_refusal(const TableName& table, const std::string& column,
                            const std::string& where);

struct CarrierFacts {
  bool has_database = false;  // DATABASE_URL
  // Why the run stays with PostgREST all the same, "--rejects", "an earlier run ..."; empty: it
  // need not.
  std::string stays_because;
  // That is an earlier run, whose rows would come a second time.
  bool is_unfinished = false;
};
bool goes_direct(const Options& options, const CarrierFacts& facts);
// The refusal of a run that does not, with what can be done about it.
Error refusal_of(const OnlyDirect& need, const Options& options, const CarrierFacts& facts);

// Statements change rows whichever --limit and --table choose, and subqueries look among rows that
// those leave out. The option that stands against carrying out what the files hold; empty: none.
std::string option_against(const Options& options, const std::vector<FileSurvey>& files);

}  // namespace pgseed::seed
