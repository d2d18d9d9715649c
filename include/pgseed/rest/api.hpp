#pragma once
// PostgREST's protocol: URLs, quoting and headers. No I/O except in connect().
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::rest {

struct Endpoint {
  std::string base_url;  // no trailing slash; with /rest/v1 behind Supabase's gateway
  std::string key;       // a secret; empty: anonymous
  std::chrono::milliseconds timeout{60'000};
};

enum class Resolution { none, merge_duplicates, ignore_duplicates };

// Percent-encodes every byte outside A-Za-z0-9-._~ .
std::string percent_encode(std::string_view bytes);
// Names for columns= and on_conflict=: each in double quotes, \ and " escaped by a backslash,
// joined by commas, then percent-encoded. Unquoted names are cut silently at an odd character.
std::string encode_name_list(const std::vector<std::string>& names);
// A value inside in.(...) or eq. filters, quoted with backslashes, not yet percent-encoded.
std::string quote_filter_value(std::string_view value);

// The headers every request carries: key (sb_... keys go in apikey only, JWTs in both headers),
// Accept, User-Agent, and both profile headers (PostgREST ignores the wrong one silently). Throws
// Error{usage} for a key or a schema name that cannot stand in a header.
std::vector<std::string> common_headers(const Endpoint& endpoint, const std::string& schema);

struct WriteOptions {
  Resolution resolution = Resolution::none;
  std::vector<std::string> on_conflict;  // empty: the primary key
  std::string time_zone;                 // Prefer: timezone=...; empty: the server's own
};
// POST of rows: columns= always (the body is then not parsed by PostgREST), quoted; an empty column
// list leaves columns= out (rows of defaults only). on_conflict= goes only with a resolution, for
// PostgREST ignores it otherwise. The caller sets the body. Throws Error{usage} for a time zone
// that cannot stand in the Prefer header.
HttpRequest insert_request(const Endpoint& endpoint, const TableName& table,
                           const std::vector<std::string>& columns, const WriteOptions& options);

// The same as a trial: the statement is carried out, triggers and all, and then taken back, for the
// answer must be one object. Unless the statement stores exactly one row: that is stored. Sent with
// two copies of a row or more it answers 23505 where their key refuses that, and PGRST116 (406)
// where it does not.
HttpRequest trial_request(const Endpoint& endpoint, const TableName& table,
                          const std::vector<std::string>& columns, const WriteOptions& options);

// DELETE of all rows with a filter that pg-safeupdate accepts: <column>=not.is.null for a NOT NULL
// column, or=(c.is.null,c.not.is.null) for a nullable one.
HttpRequest delete_all_request(const Endpoint& endpoint, const TableName& table,
                               const std::string& column, bool column_is_not_null);

// HEAD with count=exact; the number is in Content-Range after the slash.
HttpRequest count_request(const Endpoint& endpoint, const TableName& table);

// GET that counts (count=exact, Content-Range) the rows whose key is one of `keys`; each key has
// one value per column of key_columns. Single column: in.(...); several:
// or=(and(a.eq.x,b.eq.y),...). Neither list may be empty. The keys stand in the URL: keep them to a
// few kilobytes a request.
HttpRequest count_keys_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& key_columns,
                               const std::vector<std::vector<std::string>>& keys);

// A column and what it holds; nullopt stands for NULL.
struct Condition {
  std::string column;
  std::optional<std::string> value;
};

// GET that counts (in the same way) the rows that equal one of `rows` in those columns; nullopt
// stands for NULL. Neither list may be empty. The server refuses types without an equality.
HttpRequest count_rows_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& columns,
                               const std::vector<std::vector<std::optional<std::string>>>& rows);
// The same of rows that meet all conditions of one of `rows`.
HttpRequest count_rows_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::vector<Condition>>& rows);

// Whether it can stand in a Prefer header as it is: the name of a time zone, for one. Which of them
// there are only the server knows.
bool is_preference_value(std::string_view text);

// Texts without a zone in the request's filters are in this one; the answer's times, too. Empty,
// and what is no name: the server's own.
void use_time_zone(HttpRequest& request, const std::string& zone);

// GET of the rows whose key is one of `keys`, otherwise as count_keys_request(): an array of
// objects that hold these columns as the server prints them, each a string or null. Content-Range
// tells how many there are; the server may send fewer (db-max-rows).
HttpRequest fetch_keys_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& key_columns,
                               const std::vector<std::vector<std::string>>& keys,
                               const std::vector<std::string>& columns);

// GET of the rows that meet all conditions of one of `rows`, as fetch_keys_request() gives them.
// Neither `rows` nor one of them may be empty.
HttpRequest fetch_rows_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::vector<Condition>>& rows,
                               const std::vector<std::string>& columns);

// GET of a page of the table in the order of these columns, as fetch_keys_request() gives them.
HttpRequest fetch_page_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& columns, std::uint64_t offset,
                               std::uint64_t limit);

// GET that counts (count=exact, Content-Range) all rows; one at most is sent, with this column.
HttpRequest count_table_request(const Endpoint& endpoint, const TableName& table,
                                const std::string& column);

// GET of one row at most, of one column: Content-Range tells whether the table has any.
HttpRequest any_row_request(const Endpoint& endpoint, const TableName& table,
                            const std::string& column);
// True if an answer's Content-Range says that no row was found; false for one row and for garbage.
bool found_nothing(std::string_view content_range);

// "0-24/3573" or "*/2" -> 3573, 2; nullopt for "*/*", empty, garbage.
std::optional<long long> total_of(std::string_view content_range);

// What the URL leads to.
struct Connection {
  Endpoint endpoint;         // with the base URL that answered
  std::string server;        // "postgrest/12.0.2" or empty behind a gateway
  bool has_openapi = false;  // false: disabled by the server; then `model` is empty
  Model model;               // of `schema`, as the key's role sees it
  std::string key_role;      // role claim of a JWT key; empty for sb_ keys and without a key
};
// Finds the API behind `url` as people write it (with or without /rest/v1, trailing slashes, bare
// PostgREST or gateway) by asking for its OpenAPI document, and reads it. Tries the URL as written,
// then with /rest/v1 added or taken away. Where the document is switched off, a question for a
// table that does not exist tells the API from a wrong path; if that tells nothing either,
// PostgREST's name in the Server header is enough for the URL as written. Throws Error{unreachable}
// when nobody answers, Error{refused} for a refused key (and says what is wrong with it: expired,
// wrong signature, ...), Error{refused} for an unexposed schema (naming those exposed),
// Error{usage} for what is no URL.
Connection connect(Transport& transport, const std::string& url, const std::string& key,
                   const std::string& schema, std::chrono::milliseconds timeout);
// The OpenAPI document of another schema on a known endpoint; nullopt where it has none. Throws as
// connect() does.
std::optional<Model> read_model(Transport& transport, const Endpoint& endpoint,
                                const std::string& schema);

// The role claim of a JWT, decoded locally without checking it; empty if the key is no JWT.
std::string role_of_key(std::string_view key);

}  // namespace pgseed::rest
