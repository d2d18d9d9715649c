#include "pgseed/rest/answer.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"

namespace pgseed::rest {
namespace {

constexpr std::size_t kMaxMessageBytes = 4096;
constexpr std::size_t kMaxQuoteBytes = 200;

std::string collapse_blanks(std::string_view words) {
  std::string out;
  for (const char c : words) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7f;
    if (!blank) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return std::string(trim(out));
}

// The title of a web page, else its first words; tags, scripts and styles are left out.
std::string words_of_page(std::string_view page) {
  const std::string lowered = to_lower(page);
  if (const auto title = lowered.find("<title"); title != std::string::npos) {
    const auto begin = lowered.find('>', title);
    const auto end = lowered.find("</title", title);
    if (begin != std::string::npos && end != std::string::npos && begin < end) {
      const auto words = collapse_blanks(page.substr(begin + 1, end - begin - 1));
      if (!words.empty()) return words;
    }
  }
  std::string out;
  for (std::size_t at = 0; at < page.size() && out.size() < 4 * kMaxQuoteBytes;) {
    if (page[at] != '<') {
      out.push_back(page[at++]);
      continue;
    }
    std::string_view closing = ">";
    for (const std::string_view hidden : {"<script", "<style", "<!--"}) {
      if (std::string_view(lowered).substr(at).starts_with(hidden)) {
        closing = hidden == "<script" ? "</script>" : hidden == "<style" ? "</style>" : "-->";
      }
    }
    const auto end = lowered.find(closing, at);
    if (end == std::string::npos) break;
    at = end + closing.size();
    out.push_back(' ');
  }
  return collapse_blanks(out);
}

// A code counts only as a string: a number there is a gateway's, and five digits of it would pass
// for an SQLSTATE.
std::string code_of(const std::vector<json::Member>& members) {
  for (const auto& member : members) {
    if (member.name == "code" && member.was_string) return presentable(*member.value, 40);
  }
  return {};
}

// PostgreSQL quotes a bad value in full, so an error body may be longer than what is kept of it.
// PostgREST writes the code first.
void read_cut_error(std::string_view body, Answer& answer) {
  constexpr std::string_view kCode = R"({"code":")";
  constexpr std::string_view kMessage = R"("message":")";
  if (!body.starts_with(kCode)) return;
  const auto rest = body.substr(kCode.size());
  const auto code = rest.substr(0, rest.find('"'));
  if (!is_database_code(code) || code.size() > 40) return;
  answer.code = code;
  const auto message = body.find(kMessage);
  if (message != std::string_view::npos) body.remove_prefix(message + kMessage.size());
  answer.message = presentable(body, kMaxQuoteBytes);
}

std::string member_text(const std::vector<json::Member>& members, std::string_view name,
                        std::size_t max_bytes) {
  const auto* value = json::find(members, name);
  return value == nullptr ? std::string() : presentable(*value, max_bytes);
}

}  // namespace

std::string presentable(std::string_view message, std::size_t max_bytes) {
  // Redacted before it is cut: half a key is still half a key.
  std::string out = collapse_blanks(redact(message));
  if (out.size() <= max_bytes) return out;
  std::size_t end = max_bytes - std::min<std::size_t>(max_bytes, 3);
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
  out.resize(end);
  return out.append("...");
}

bool is_database_code(std::string_view code) {
  if (code.starts_with("PGRST")) return true;
  return code.size() == 5 && std::all_of(code.begin(), code.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

Answer read_answer(const HttpResult& result) {
  Answer answer;
  const auto body = trim(result.body);
  answer.is_web_page =
      to_lower(result.content_type).find("html") != std::string::npos || body.starts_with('<');
  if (answer.is_web_page) {
    answer.message = presentable(words_of_page(body), kMaxQuoteBytes);
    return answer;
  }
  const auto members = json::try_read_object(body);
  if (!members) {
    // A cut or foreign body: its first words are all that can be said.
    answer.message = presentable(body, kMaxQuoteBytes);
    read_cut_error(body, answer);
    return answer;
  }
  answer.is_object = true;
  answer.code = code_of(*members);
  answer.message = member_text(*members, "message", kMaxMessageBytes);
  // Gateways in front of PostgREST have other words for it.
  for (const auto* name : {"msg", "error", "error_description"}) {
    if (answer.message.empty()) answer.message = member_text(*members, name, kMaxMessageBytes);
  }
  answer.details = member_text(*members, "details", kMaxMessageBytes);
  answer.hint = member_text(*members, "hint", kMaxMessageBytes);
  return answer;
}

bool is_wordless(const HttpResult& result, const Answer& answer) {
  return result.status == 400 && answer.is_object && answer.code.empty() && answer.message.empty();
}

std::string describe(const HttpResult& result, const Answer& answer) {
  if (result.delivery != Delivery::answered) {
    const auto error = presentable(result.transport_error, kMaxMessageBytes);
    return error.empty() ? std::string("No answer") : error;
  }
  if (is_database_code(answer.code) && !answer.message.empty()) return answer.message;
  const auto status = text("HTTP status ", result.status);
  if (answer.message.empty()) return text(status, " without an explanation");
  return text(status, ": ", answer.message);
}

}  // namespace pgseed::rest
