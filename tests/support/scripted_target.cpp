#include "support/scripted_target.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::test {
namespace {

using std::chrono::milliseconds;

HttpResult answer(int status, const std::string& body, const std::string& content_range = "") {
  HttpResult result;
  result.delivery = Delivery::answered;
  result.status = status;
  result.content_type = "application/json; charset=utf-8";
  result.body = body;
  result.content_range = content_range;
  return result;
}

std::string error_body(const std::string& code, const std::string& message) {
  return text(R"({"code":")", code, R"(","details":null,"hint":null,"message":")", message, "\"}");
}

HttpResult no_answer(Delivery delivery) {
  HttpResult result;
  result.delivery = delivery;
  result.transport_error = delivery == Delivery::not_sent ? "Could not connect" : "Empty reply";
  return result;
}

std::vector<ScriptedTarget::Row> rows_of(const std::string& body) {
  const auto array = json::try_read_array(body);
  if (!array) throw std::runtime_error("the body is no array: " + body.substr(0, 80));
  std::vector<ScriptedTarget::Row> rows;
  for (const json::Member& element : *array) {
    const auto members = json::read_object(*element.value);
    const std::string* const v = json::find(members, "v");
    rows.push_back({*json::find(members, "id"), v == nullptr ? "" : *v});
  }
  return rows;
}

std::string percent_decoded(const std::string& url) {
  std::string out;
  for (std::size_t at = 0; at < url.size(); ++at) {
    if (url[at] != '%') {
      out += url[at];
      continue;
    }
    out += static_cast<char>(std::stoi(url.substr(at + 1, 2), nullptr, 16));
    at += 2;
  }
  return out;
}

// The contents of all quoted strings.
std::vector<std::string> quoted(const std::string& words) {
  std::vector<std::string> found;
  for (std::size_t at = words.find('"'); at != std::string::npos; at = words.find('"', at + 1)) {
    std::string value;
    for (++at; words[at] != '"'; ++at) {
      if (words[at] == '\\') ++at;
      value += words[at];
    }
    found.push_back(value);
  }
  return found;
}

// Trials store nothing.
bool is_write(const HttpRequest& request) {
  return request.method == "POST" &&
         std::none_of(request.headers.begin(), request.headers.end(),
                      [](const std::string& header) {
                        return header.find("vnd.pgrst.object") != std::string::npos;
                      });
}

}  // namespace

Fate fate(Fate::Kind kind) {
  Fate made;
  made.kind = kind;
  return made;
}

Fate refusal(int status, const std::string& code, const std::string& message,
             const std::string& retry_after) {
  Fate made = fate(Fate::Kind::answer);
  made.result = answer(status, error_body(code, message));
  made.result.retry_after = retry_after;
  return made;
}

std::vector<std::string> ScriptedTarget::ids_of(std::size_t seen_index) const {
  std::vector<std::string> ids;
  for (const Row& row : rows_of(seen.at(seen_index).body)) ids.push_back(row.id);
  return ids;
}

std::size_t ScriptedTarget::writes_seen() const {
  return static_cast<std::size_t>(std::count_if(
      seen.begin(), seen.end(), [](const Seen& each) { return is_write(each.request); }));
}

std::size_t ScriptedTarget::count_of(const std::string& id) const {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return row.id == id; }));
}

const ScriptedTarget::Row* ScriptedTarget::find(const std::string& id) const {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.id == id; });
  return found == rows.end() ? nullptr : &*found;
}

// One statement, one transaction.
HttpResult ScriptedTarget::carry_out(const std::string& body, const std::string& count) {
  const std::vector<Row> fresh = rows_of(body);
  if (fresh.size() > most_rows || (is_slow && std::any_of(fresh.begin(), fresh.end(), is_slow))) {
    return answer(500, error_body("57014", "canceling statement due to statement timeout"));
  }
  std::vector<Row> after = rows;
  std::size_t affected = 0;
  std::set<std::string> in_statement;
  for (Row row : fresh) {
    if (changes_keys) row.id = std::to_string(next_key_++);
    if (is_bad && is_bad(row)) {
      return answer(400, error_body("23514", "violates check constraint " + row.id));
    }
    const auto there = std::find_if(after.begin(), after.end(),
                                    [&](const Row& each) { return each.id == row.id; });
    const bool again = !in_statement.insert(row.id).second;
    if (!unique || there == after.end()) {
      after.push_back(row);
      ++affected;
    } else if (merges) {
      if (again) {
        return answer(400, error_body("21000",
                                      "ON CONFLICT DO UPDATE command cannot affect row a "
                                      "second time"));
      }
      there->v = row.v;
      ++affected;
    } else if (!ignores) {
      return answer(409, error_body("23505", "duplicate key value " + row.id));
    }
  }
  rows = std::move(after);
  return answer(201, "", "*/" + (count.empty() ? std::to_string(affected) : count));
}

// A trial: plain INSERT, and taken back unless it is of one row.
HttpResult ScriptedTarget::try_out(const std::string& body) {
  const auto before = rows;
  const bool merged = std::exchange(merges, false), ignored = std::exchange(ignores, false);
  const std::size_t most = std::exchange(most_rows, SIZE_MAX);
  HttpResult result = carry_out(body, "");
  merges = merged;
  ignores = ignored;
  most_rows = most;
  if (result.status != 201 || result.content_range == "*/1") return result;
  rows = before;
  return answer(406, error_body("PGRST116", "JSON object requested, multiple (or no) rows"));
}

HttpResult ScriptedTarget::tell(const HttpRequest& request) const {
  if (hides) return answer(200, "[]", "*/0");
  const std::string url = percent_decoded(request.url);
  std::set<std::string> found;
  if (const auto list = url.find("=in.("); list != std::string::npos) {
    for (const std::string& id : quoted(url.substr(list, url.find("&select") - list))) {
      if (find(id) != nullptr) found.insert(id);
    }
  } else {
    const auto begin = url.find("?or=(");
    if (begin == std::string::npos) throw std::runtime_error("what does this ask: " + url);
    // ("id", its value, "v", its value) for each row.
    const auto parts = quoted(url.substr(begin, url.find("&select") - begin));
    for (std::size_t at = 0; at + 3 < parts.size(); at += 4) {
      const Row* const row = find(parts[at + 1]);
      if (row != nullptr && row->v == parts[at + 3]) found.insert(row->id);
    }
  }
  return answer(200, "[]", text("*/", found.size()));
}

void ScriptedTarget::settle() {
  for (const Late& each : std::exchange(late_, {})) carry_out(each.body, "");
}

void ScriptedTarget::start(std::uint64_t id, const HttpRequest& request) {
  const bool is_write = ::pgseed::test::is_write(request);
  const bool is_trial = request.method == "POST" && !is_write;
  auto& queue = is_write ? writes : questions;
  auto& fallback = is_write ? fate_of_write : fate_of_question;
  const std::string body(request.body);
  seen.push_back({request, body, now_, in_flight()});
  seen.back().request.body = {};
  Fate its;
  if (!queue.empty()) {
    its = queue.front();
    queue.pop_front();
  } else if (fallback) {
    its = fallback(request).value_or(Fate{});
  }
  // A question stores nothing, however its answer gets lost.
  const bool loses = its.kind == Fate::Kind::lost_after || its.kind == Fate::Kind::late;
  if (!is_write && loses) its.kind = Fate::Kind::lost_before;
  const auto soon = now_ + answer_time;
  switch (its.kind) {
    case Fate::Kind::carry_out:
    case Fate::Kind::miscount:
      if (is_write) {
        answers_.push_back(
            {soon, id, [this, body, count = its.count] { return carry_out(body, count); }});
      } else {
        answers_.push_back({soon, id, [this, is_trial, body, copy = request] {
                              return is_trial ? try_out(body) : tell(copy);
                            }});
      }
      return;
    case Fate::Kind::answer:
      answers_.push_back({soon, id, [result = its.result] { return result; }});
      return;
    case Fate::Kind::not_sent:
      answers_.push_back({soon, id, [] { return no_answer(Delivery::not_sent); }});
      return;
    case Fate::Kind::lost_before:
      answers_.push_back({soon, id, [] { return no_answer(Delivery::unknown); }});
      return;
    case Fate::Kind::lost_after:
      answers_.push_back({soon, id, [this, body] {
                            carry_out(body, "");
                            return no_answer(Delivery::unknown);
                          }});
      return;
    case Fate::Kind::late:
      late_.push_back({soon + its.later, body});
      answers_.push_back({soon, id, [] { return no_answer(Delivery::unknown); }});
      return;
    case Fate::Kind::silence:
      ++silent_;
      return;
    case Fate::Kind::throws:
      throw std::runtime_error("the transport fails");
  }
}

std::vector<HttpCompletion> ScriptedTarget::wait(milliseconds longest) {
  if (++waits > most_waits) throw std::logic_error("this never ends");
  const auto end = now_ + longest;
  auto next = end;
  for (const Answer& each : answers_) next = std::min(next, each.at);
  now_ = std::max(now_, next);
  std::vector<Late> still_late;
  for (Late& each : std::exchange(late_, {})) {
    if (each.at <= now_) {
      carry_out(each.body, "");
    } else {
      still_late.push_back(std::move(each));
    }
  }
  late_ = std::move(still_late);
  std::vector<HttpCompletion> completions;
  std::vector<Answer> pending = std::exchange(answers_, {});
  for (Answer& each : pending) {
    if (each.at <= now_) {
      completions.push_back({each.id, each.make()});
    } else {
      answers_.push_back(std::move(each));
    }
  }
  return completions;
}

void ScriptedTarget::abort_all() {
  // The server knows nothing of it: what it had begun, it ends.
  for (const Answer& each : std::exchange(answers_, {})) each.make();
  silent_ = 0;
}

std::unique_ptr<seed::ColumnSet> two_columns(bool keyless, std::size_t table) {
  auto set = std::make_unique<seed::ColumnSet>();
  set->table = table;
  set->table_name = {"public", table == 0 ? "t" : text("t", table)};
  set->columns = {"id", "v"};
  set->value_index = {0, 1};
  set->classes = {seed::ColumnClass::integer, seed::ColumnClass::text};
  set->types = {"integer", "text"};
  if (!keyless) set->key = {0};
  set->table_was_empty = true;
  set->request.method = "POST";
  set->request.url = "http://h/" + set->table_name.table;
  set->finish();
  return set;
}

std::unique_ptr<seed::Batch> batch_of(const seed::ColumnSet& set, const std::vector<int>& ids,
                                      std::uint64_t group, std::uint64_t sequence) {
  auto batch = std::make_unique<seed::Batch>();
  batch->group = group;
  batch->sequence = sequence;
  batch->set = &set;
  batch->serial = set.serial;
  for (const int id : ids) {
    batch->body.append(batch->body.empty() ? '[' : ',');
    batch->rows.push_back(
        {batch->body.size(), static_cast<std::uint64_t>(id) * 10, sequence++, false});
    batch->body.append(text(R"({"id":")", id, R"(","v":"v)", id, "\"}"));
  }
  batch->close();
  return batch;
}

}  // namespace pgseed::test
