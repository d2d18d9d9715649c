#include "pgseed/rest/url.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::rest {
namespace {

constexpr std::string_view kGatewayPrefix = "/rest/v1";
constexpr const char* kExample =
    "write it like https://abcdefgh.supabase.co or http://127.0.0.1:3000";

[[noreturn]] void refuse(const std::string& message, const char* hint) {
  throw Error(ErrorKind::usage, message, {}, hint);
}

}  // namespace

std::string checked_base_url(std::string_view url) {
  url = trim(url);
  if (url.empty()) refuse("the API's URL is empty", kExample);
  if (std::any_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '\'';
      })) {
    refuse("the API's URL holds a blank, a quote or a control character", kExample);
  }
  const auto mark = url.find("://");
  const auto scheme = to_lower(url.substr(0, mark == std::string_view::npos ? 0 : mark));
  if (scheme.starts_with("postgres")) {
    refuse("the API's URL is a database URL",
           "the API's URL begins with http:// or https://; this one belongs in DATABASE_URL");
  }
  // Not shown in full: what people paste here by mistake may be a key.
  if (scheme.empty()) refuse("the API's URL has no http:// or https:// in front", kExample);
  if (scheme != "http" && scheme != "https") {
    refuse(text("the API's URL begins with ", redact(scheme), "://, not with http:// or https://"),
           kExample);
  }
  auto rest = url.substr(mark + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  // An @ further on may belong to a password that holds a slash; the API's own URL has none.
  if (rest.find('@') != std::string_view::npos) {
    refuse("the API's URL holds a user name or password",
           "leave user:password@ out; the key goes in SUPABASE_SECRET_KEY or --key-file");
  }
  if (authority.empty() || authority.front() == ':') {
    refuse("the API's URL names no host", kExample);
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    refuse("the API's URL holds a ? or #", "leave out everything from there on");
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  return text(scheme, "://", to_lower(authority), rest.substr(authority.size()));
}

std::string with_other_prefix(const std::string& base_url) {
  if (base_url.ends_with(kGatewayPrefix)) {
    return base_url.substr(0, base_url.size() - kGatewayPrefix.size());
  }
  return base_url + std::string(kGatewayPrefix);
}

std::string one_spelling(std::string_view url) {
  std::string base = checked_base_url(url);
  if (base.ends_with(kGatewayPrefix)) base.resize(base.size() - kGatewayPrefix.size());
  while (base.ends_with('/')) base.pop_back();
  const std::size_t host = base.find("://") + 3;
  std::size_t end = std::min(base.find('/', host), base.size());
  const std::string_view own_port = base.starts_with("https") ? ":443" : ":80";
  if (std::string_view(base).substr(host, end - host).ends_with(own_port)) {
    base.erase(end - own_port.size(), own_port.size());
    end -= own_port.size();
  }
  for (const std::string_view name : {"localhost", "[::1]"}) {
    const std::string_view authority = std::string_view(base).substr(host, end - host);
    if (authority.starts_with(name) &&
        (authority.size() == name.size() || authority[name.size()] == ':')) {
      base.replace(host, name.size(), "127.0.0.1");
      break;
    }
  }
  return base;
}

bool is_local(std::string_view url) {
  std::string_view host = url;
  const std::size_t scheme = host.find("://");
  if (scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  const std::size_t at = host.rfind('@');
  if (at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.substr(0, 5) == "[::1]") return true;
  host = host.substr(0, host.find(':'));
  // A name such as 127.0.0.1.example.com is anywhere.
  return host == "localhost" || (host.rfind("127.", 0) == 0 &&
                                 host.find_first_not_of("0123456789.") == std::string_view::npos);
}

}  // namespace pgseed::rest
