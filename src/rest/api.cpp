#include "pgseed/rest/api.hpp"

#include <algorithm>
#include <charconv>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::rest {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Between double quotes, with \ and " escaped by a backslash: PostgREST's way for names in lists
// and filters, and for values inside in.(...) and or=(...). SQL's doubled quotes are not
// understood.
std::string in_quotes(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

// A column on the left of a filter. Quoted, it cannot be taken for one of PostgREST's own
// parameters (a column may be called "order" or "limit"), so no filter is ever dropped.
std::string filter_name(const std::string& column) {
  return percent_encode(in_quotes(column));
}

std::string table_url(const Endpoint& endpoint, const TableName& table) {
  return text(endpoint.base_url, '/', percent_encode(table.table));
}

HttpRequest request_for(const Endpoint& endpoint, const TableName& table, std::string method,
                        std::string url) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = common_headers(endpoint, table.schema);
  request.timeout = endpoint.timeout;
  return request;
}

}  // namespace

// A comma or semicolon would begin another preference.
bool is_preference_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && c != ',' && c != ';' && c != '"' && c != '=';
  });
}

std::string percent_encode(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

std::string encode_name_list(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list.push_back(',');
    list.append(in_quotes(name));
  }
  return percent_encode(list);
}

std::string quote_filter_value(std::string_view value) {
  return in_quotes(value);
}

std::vector<std::string> common_headers(const Endpoint& endpoint, const std::string& schema) {
  const auto key = trim(endpoint.key);
  if (std::any_of(key.begin(), key.end(), [](char c) {
        return is_control(c) || c == ' ' || static_cast<unsigned char>(c) > 0x7f;
      })) {
    throw Error(ErrorKind::usage, "the key holds a blank, a line break or another odd character",
                {}, "copy the key again, as one line and without quotes");
  }
  if (schema.empty() || std::any_of(schema.begin(), schema.end(), is_control)) {
    throw Error(ErrorKind::usage, "the schema name is empty or holds a control character");
  }
  std::vector<std::string> headers = {
      "Accept: application/json",
      // Supabase refuses secret keys from what looks like a browser.
      "User-Agent: pgseed/" PGSEED_VERSION,
      text("Accept-Profile: ", schema),
      text("Content-Profile: ", schema),
  };
  if (!key.empty()) {
    headers.push_back(text("apikey: ", key));
    // Supabase's new keys are no JWTs: PostgREST would choke on one in Authorization.
    if (!key.starts_with("sb_")) headers.push_back(text("Authorization: Bearer ", key));
  }
  return headers;
}

HttpRequest insert_request(const Endpoint& endpoint, const TableName& table,
                           const std::vector<std::string>& columns, const WriteOptions& options) {
  std::string url = table_url(endpoint, table);
  char separator = '?';
  if (!columns.empty()) {
    url.append("?columns=").append(encode_name_list(columns));
    separator = '&';
  }
  std::string prefer = "Prefer: return=minimal,count=exact";
  if (options.resolution != Resolution::none) {
    prefer.append(options.resolution == Resolution::merge_duplicates
                      ? ",resolution=merge-duplicates"
                      : ",resolution=ignore-duplicates");
    if (!options.on_conflict.empty()) {
      url.append(1, separator).append("on_conflict=").append(encode_name_list(options.on_conflict));
    }
  }
  if (!options.time_zone.empty()) {
    if (!is_preference_value(options.time_zone)) {
      throw Error(ErrorKind::usage, text("\"", options.time_zone, "\" is not a time zone"));
    }
    prefer.append(",timezone=").append(options.time_zone);
  }
  auto request = request_for(endpoint, table, "POST", std::move(url));
  request.headers.push_back("Content-Type: application/json");
  request.headers.push_back(std::move(prefer));
  return request;
}

HttpRequest trial_request(const Endpoint& endpoint, const TableName& table,
                          const std::vector<std::string>& columns, const WriteOptions& options) {
  HttpRequest request = insert_request(endpoint, table, columns, options);
  std::replace_if(
      request.headers.begin(), request.headers.end(),
      [](const std::string& header) { return header.starts_with("Accept: "); },
      "Accept: application/vnd.pgrst.object+json");
  return request;
}

HttpRequest delete_all_request(const Endpoint& endpoint, const TableName& table,
                               const std::string& column, bool column_is_not_null) {
  std::string url = table_url(endpoint, table);
  if (column_is_not_null) {
    url.append(1, '?').append(filter_name(column)).append("=not.is.null");
  } else {
    const auto name = in_quotes(column);
    url.append("?or=").append(percent_encode(text('(', name, ".is.null,", name, ".not.is.null)")));
  }
  auto request = request_for(endpoint, table, "DELETE", std::move(url));
  request.headers.push_back("Prefer: return=minimal,count=exact");
  return request;
}

HttpRequest count_request(const Endpoint& endpoint, const TableName& table) {
  // limit=1 spares the server the page; the count is of all rows.
  auto request =
      request_for(endpoint, table, "HEAD", table_url(endpoint, table).append("?limit=1"));
  request.headers.push_back("Prefer: count=exact");
  return request;
}

namespace {

// Up to select=.
std::string keys_url(const Endpoint& endpoint, const TableName& table,
                     const std::vector<std::string>& key_columns,
                     const std::vector<std::vector<std::string>>& keys) {
  // PostgREST takes in.("") for an empty list.
  const bool is_list =
      key_columns.size() == 1 &&
      std::none_of(keys.begin(), keys.end(), [](const auto& key) { return key.front().empty(); });
  std::string filter;
  for (const auto& key : keys) {
    if (!filter.empty()) filter.push_back(',');
    if (is_list) {
      filter.append(quote_filter_value(key.front()));
      continue;
    }
    filter.append("and(");
    for (std::size_t i = 0; i < key_columns.size(); ++i) {
      if (i > 0) filter.push_back(',');
      filter.append(in_quotes(key_columns[i])).append(".eq.").append(quote_filter_value(key[i]));
    }
    filter.push_back(')');
  }
  std::string url = table_url(endpoint, table);
  if (is_list) {
    url.append(1, '?').append(filter_name(key_columns.front())).append("=in.");
  } else {
    url.append("?or=");
  }
  url.append(percent_encode(text('(', filter, ')')));
  return url.append("&select=");
}

// (and("a".eq."1","b".is.null),and(...))
std::string any_of_rows(const std::vector<std::vector<Condition>>& rows) {
  std::string filter;
  for (const auto& row : rows) {
    filter.append(filter.empty() ? "(and(" : ",and(");
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) filter.push_back(',');
      filter.append(in_quotes(row[i].column));
      filter.append(row[i].value ? text(".eq.", quote_filter_value(*row[i].value)) : ".is.null");
    }
    filter.push_back(')');
  }
  return filter.append(1, ')');
}

// For select=: what the types' output functions print.
std::string texts_of(const std::vector<std::string>& columns) {
  std::string list;
  for (const auto& column : columns) {
    list.append(list.empty() ? "" : ",").append(percent_encode(in_quotes(column))).append("::text");
  }
  return list;
}

HttpRequest counting(const Endpoint& endpoint, const TableName& table, std::string url) {
  auto request = request_for(endpoint, table, "GET", std::move(url));
  request.headers.push_back("Prefer: count=exact");
  return request;
}

}  // namespace

HttpRequest count_keys_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& key_columns,
                               const std::vector<std::vector<std::string>>& keys) {
  std::string url = keys_url(endpoint, table, key_columns, keys);
  url.append(percent_encode(in_quotes(key_columns.front()))).append("&limit=1");
  return counting(endpoint, table, std::move(url));
}

HttpRequest fetch_keys_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& key_columns,
                               const std::vector<std::vector<std::string>>& keys,
                               const std::vector<std::string>& columns) {
  std::string url = keys_url(endpoint, table, key_columns, keys);
  return counting(endpoint, table, url.append(texts_of(columns)));
}

HttpRequest fetch_rows_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::vector<Condition>>& rows,
                               const std::vector<std::string>& columns) {
  std::string url = table_url(endpoint, table);
  url.append("?or=").append(percent_encode(any_of_rows(rows)));
  return counting(endpoint, table, url.append("&select=").append(texts_of(columns)));
}

HttpRequest fetch_page_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& columns, std::uint64_t offset,
                               std::uint64_t limit) {
  std::string url = table_url(endpoint, table);
  url.append("?select=").append(texts_of(columns));
  url.append("&order=").append(encode_name_list(columns));
  return counting(endpoint, table, url.append(text("&offset=", offset, "&limit=", limit)));
}

HttpRequest count_table_request(const Endpoint& endpoint, const TableName& table,
                                const std::string& column) {
  std::string url = table_url(endpoint, table);
  url.append("?select=").append(percent_encode(in_quotes(column))).append("&limit=1");
  return counting(endpoint, table, std::move(url));
}

HttpRequest count_rows_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::string>& columns,
                               const std::vector<std::vector<std::optional<std::string>>>& rows) {
  std::vector<std::vector<Condition>> conditions;
  for (const auto& row : rows) {
    std::vector<Condition>& fresh = conditions.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) fresh.push_back({columns[i], row[i]});
  }
  return count_rows_request(endpoint, table, conditions);
}

HttpRequest count_rows_request(const Endpoint& endpoint, const TableName& table,
                               const std::vector<std::vector<Condition>>& rows) {
  std::string url = table_url(endpoint, table);
  url.append("?or=").append(percent_encode(any_of_rows(rows)));
  url.append("&select=").append(percent_encode(in_quotes(rows.front().front().column)));
  return counting(endpoint, table, url.append("&limit=1"));
}

void use_time_zone(HttpRequest& request, const std::string& zone) {
  if (zone.empty() || !is_preference_value(zone)) return;
  request.headers.push_back("Prefer: timezone=" + zone);
}

HttpRequest any_row_request(const Endpoint& endpoint, const TableName& table,
                            const std::string& column) {
  return request_for(endpoint, table, "GET",
                     table_url(endpoint, table)
                         .append("?select=")
                         .append(percent_encode(in_quotes(column)))
                         .append("&limit=1"));
}

bool found_nothing(std::string_view content_range) {
  return trim(content_range).starts_with("*/");
}

std::optional<long long> total_of(std::string_view content_range) {
  const auto slash = content_range.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto digits = trim(content_range.substr(slash + 1));
  long long total = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), total);
  if (error != std::errc() || end != digits.data() + digits.size() || total < 0)
    return std::nullopt;
  return total;
}

}  // namespace pgseed::rest
