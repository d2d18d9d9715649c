#pragma once
// One staging table of --atomic in the database: its name, its shape, who may write to it, and the
// comment by which another run knows whose rows it holds.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {

// "_pgseed_stage_<hash>_<hash of the work>" beside the target. Another work has another table: what
// a killed run left on its way to the API finds no table any more.
TableName stage_table_name(const TableName& target, std::string_view work);

// The comment, "pgseed staging table 1 work=W run=R loading", later "... moved staged=3 loaded=2
// ...". The number is the format's version.
std::string loading_comment(std::string_view work, std::string_view run);
std::string moved_comment(std::string_view work, std::string_view run, const Moved& moved);
bool is_stage_comment(std::string_view comment);
// Of this work; never for an empty name.
bool is_of_work(std::string_view comment, std::string_view work);
bool is_of_run(std::string_view comment, std::string_view run);
bool says_moved(std::string_view comment);
Moved counts_of(std::string_view comment);

// The comment of a table; empty where the table or its comment is not there. table: as SQL names
// it.
std::string comment_of(pg::CopyIn& database, const std::string& table);

struct FoundStage {
  TableName name;
  std::string comment;
};
// The tables that are named like staging tables of this target, of whatever work.
std::vector<FoundStage> stage_tables_of(pg::CopyIn& database, const TableName& target);

// ", a, b::text": the target's columns for a SELECT that makes a staging table. A domain is its
// base type there: rows meet its rules when they are moved.
std::string staging_columns(pg::CopyIn& database, const Table& model);

// Makes it anew: the columns of the target, which model describes, with none of its rules, and
// _pgseed_row. Who may insert into the target may insert here, and nobody may read. logged: its
// rows outlive a crash of the server.
void make_stage_table(pg::CopyIn& database, const TableName& stage, const Table& model, bool logged,
                      const std::string& comment);

// False after a migration between the run that made it and this one.
bool has_shape_of(pg::CopyIn& database, const TableName& stage, const TableName& target);

struct RowInterval {
  std::uint64_t first = 0, last = 0;
};
// The numbers of the rows that are there, ascending.
std::vector<RowInterval> rows_in_stage(pg::CopyIn& database, const TableName& stage);

}  // namespace pgseed::seed
