#pragma once
// All objects of a database as comparable lines: did a downgrade leave anything behind, do two
// databases have the same schema?
#include <compare>
#include <string>
#include <vector>

#include "pgseed/pg/session.hpp"

namespace pgseed::pg {

struct SnapshotEntry {
  std::string kind;        // "table", "column", "index", "constraint", "enum", "trigger", ...
  std::string name;        // qualified, quoted where needed; with its table, where it has one
  std::string definition;  // canonical text from the server
  // "kind name" of the object that it goes with when that is dropped: a column's table. Empty for
  // what stands alone.
  std::string part_of = {};
  auto operator<=>(const SnapshotEntry&) const = default;
};

struct SnapshotOptions {
  // Qualified names that are left out with all that belongs to them: the version table. Quoted as
  // in SQL where a name needs it.
  std::vector<std::string> without_tables;
};

// Reads everything that users create, sorted, in one REPEATABLE READ READ ONLY transaction with an
// empty search_path (so that every name is qualified): schemas, extensions, tables (kind, RLS
// flags, options), columns (type, collation, NOT NULL, default, identity, generated), constraints,
// indexes (valid or not), sequences, enum, domain, composite and range types, functions, triggers,
// views, policies, rules, comments, grants, owners left out. Left out: what extensions brought,
// system schemas, schema pgseed and temporary objects.
// - Four round trips, whatever the size; again from the start if another session drops an object
//   meanwhile. Any role may read; PostgreSQL 13 or later.
// - Views that another transaction has locked are waited for.
// - Neither oids nor the order of creation nor the order of a table's columns leave a trace. An
//   owner is "owner" in grants; rights that an object has from its creation are not listed.
// - An inherited column or a partition's copy of an index, constraint or trigger is listed only
//   where it differs from the parent's.
// The session must not be in a transaction. Throws SqlError or ConnectionLost.
std::vector<SnapshotEntry> read_snapshot(Session& session, const SnapshotOptions& options = {});

// One line for each difference: "missing: index public.ix_a: CREATE INDEX ...", "unexpected: ...",
// "changed: column public.t.a: integer -> bigint"; empty if they are equal. Sorted by kind and
// name. Long definitions are cut to the part that differs, secrets masked. What is part of a
// missing or unexpected object gets no line of its own.
std::vector<std::string> compare_snapshots(const std::vector<SnapshotEntry>& wanted,
                                           const std::vector<SnapshotEntry>& found);

}  // namespace pgseed::pg
