#include "pgseed/http/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

// One exchange: the easy handle and all that its callbacks write to. Its address is stable.
struct Transfer {
  Easy easy;
  HeaderList headers;
  std::uint64_t id = 0;
  HttpResult result;
  std::size_t max_response_bytes = kMaxResponseBytes;
  int sends = 0;  // how often libcurl was about to send the request
  bool has_all_headers = false;
  char error[CURL_ERROR_SIZE] = {};
};

// libcurl sends a POST a second time, without a word, when a reused connection dies before the
// first byte of the answer: the first copy may have been carried out. It asks here before each
// sending, so the second one is refused.
int on_send(void* transfer, char*, char*, int, int) noexcept {
  return ++static_cast<Transfer*>(transfer)->sends == 1 ? CURL_PREREQFUNC_OK
                                                        : CURL_PREREQFUNC_ABORT;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* transfer_pointer) noexcept {
  auto& transfer = *static_cast<Transfer*>(transfer_pointer);
  auto& body = transfer.result.body;
  try {
    body.append(data, std::min(size, transfer.max_response_bytes - body.size()));
  } catch (...) {
    return 0;  // out of memory: libcurl fails this transfer
  }
  return size;
}

std::string* wanted_header(HttpResult& result, std::string_view name) {
  if (equals_ignoring_case(name, "content-type")) return &result.content_type;
  if (equals_ignoring_case(name, "content-range")) return &result.content_range;
  if (equals_ignoring_case(name, "preference-applied")) return &result.preference_applied;
  if (equals_ignoring_case(name, "retry-after")) return &result.retry_after;
  if (equals_ignoring_case(name, "server")) return &result.server;
  if (equals_ignoring_case(name, "location")) return &result.location;
  return nullptr;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* transfer_pointer) noexcept {
  try {
    auto& transfer = *static_cast<Transfer*>(transfer_pointer);
    auto& result = transfer.result;
    const std::string_view line(data, size);
    // A status line opens a new answer: what a 100 Continue before it said is over.
    if (line.starts_with("HTTP/")) {
      result = HttpResult{};
      transfer.has_all_headers = false;
    }
    if (trim(line).empty()) transfer.has_all_headers = true;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return size;
    if (auto* value = wanted_header(result, line.substr(0, colon))) {
      // PostgREST may split a list over several headers of one name.
      if (!value->empty()) value->append(", ");
      value->append(trim(line.substr(colon + 1)));
    }
  } catch (...) {
    return 0;
  }
  return size;
}

// Connection news and response headers; requests are left out, for they carry the key.
int on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void*) noexcept {
  if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN) return 0;
  try {
    const std::string_view line = trim({data, size});
    const auto lowered = to_lower(line);
    for (const auto* secret : {"authorization", "apikey", "cookie"}) {
      if (lowered.find(secret) != std::string::npos) return 0;
    }
    if (!line.empty()) std::fprintf(stderr, "http: %s\n", redact(line).c_str());
  } catch (...) {
  }
  return 0;
}

// Trying again with the same settings gives the same answer.
bool is_permanent(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_NOTFOUND:
      return true;
    default:
      return false;
  }
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  const auto code = curl_easy_setopt(easy, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) {
    throw Error(ErrorKind::usage, text("libcurl refuses a setting: ", curl_easy_strerror(code)), {},
                "the installed libcurl may be older than the one pgseed was built with");
  }
}

HeaderList make_headers(const std::vector<std::string>& lines) {
  HeaderList list;
  const auto append = [&list](const char* line) {
    curl_slist* longer = curl_slist_append(list.get(), line);
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  bool has_content_type = false;
  for (const auto& line : lines) {
    append(line.c_str());
    if (equals_ignoring_case(line.substr(0, 13), "content-type:")) has_content_type = true;
  }
  append("Expect:");  // saves waiting for a 100 Continue
  // libcurl would call the body a form, and PostgREST would read it as one.
  if (!has_content_type) append("Content-Type:");
  return list;
}

void set_method(CURL* easy, const HttpRequest& request) {
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method == "POST" || !request.body.empty()) {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
  if (request.method != "POST" && request.method != "GET") {
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

// CA bundles from the environment, in the order of the curl tool.
struct Certificates {
  std::string file, directory;
};

Certificates certificates_from_environment() {
  const auto get = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (auto bundle = get("CURL_CA_BUNDLE"); !bundle.empty()) return {std::move(bundle), {}};
  return {get("SSL_CERT_FILE"), get("SSL_CERT_DIR")};
}

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(const TransportOptions& options)
      : options_(options), certificates_(certificates_from_environment()) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (global == CURLE_OK) multi_.reset(curl_multi_init());
    if (!multi_) throw Error(ErrorKind::storage, "libcurl cannot be started");
    const auto connections = static_cast<long>(std::max<std::size_t>(options.max_connections, 1));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, connections);
  }

  ~CurlTransport() override { abort_all(); }

  void start(std::uint64_t id, const HttpRequest& request) override {
    if (active_.contains(id)) throw std::logic_error("an exchange with this id is in flight");
    auto transfer = idle_transfer();
    transfer->id = id;
    prepare(*transfer, request);
    const auto& running = active_.emplace(id, std::move(transfer)).first->second;
    const auto code = curl_multi_add_handle(multi_.get(), running->easy.get());
    if (code != CURLM_OK) {
      active_.erase(id);
      check(code);
    }
  }

  std::vector<HttpCompletion> wait(milliseconds longest) override {
    // Capped, so that the sum below cannot overflow.
    const auto deadline = Clock::now() + std::min<milliseconds>(longest, std::chrono::hours(24));
    for (;;) {
      int running = 0;
      check(curl_multi_perform(multi_.get(), &running));
      auto completions = collect();
      if (!completions.empty() || stop_was_asked()) return completions;
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
      if (left <= milliseconds(0)) return completions;
      poll(left);
    }
  }

  std::size_t in_flight() const override { return active_.size(); }

  void abort_all() override {
    for (auto& [id, transfer] : active_) {
      curl_multi_remove_handle(multi_.get(), transfer->easy.get());
    }
    active_.clear();
  }

 private:
  static void check(CURLMcode code) {
    if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
    if (code != CURLM_OK) {
      throw Error(ErrorKind::unreachable, text("libcurl: ", curl_multi_strerror(code)));
    }
  }

  std::unique_ptr<Transfer> idle_transfer() {
    if (!idle_.empty()) {
      auto transfer = std::move(idle_.back());
      idle_.pop_back();
      curl_easy_reset(transfer->easy.get());
      return transfer;
    }
    auto transfer = std::make_unique<Transfer>();
    transfer->easy.reset(curl_easy_init());
    if (!transfer->easy) throw std::bad_alloc();
    return transfer;
  }

  void prepare(Transfer& transfer, const HttpRequest& request) {
    CURL* easy = transfer.easy.get();
    transfer.result = {};
    transfer.sends = 0;
    transfer.has_all_headers = false;
    transfer.error[0] = '\0';
    transfer.max_response_bytes = request.max_response_bytes;
    transfer.headers = make_headers(request.headers);
    set(easy, CURLOPT_PRIVATE, &transfer);
    set(easy, CURLOPT_PREREQFUNCTION, on_send);
    set(easy, CURLOPT_PREREQDATA, &transfer);
    set(easy, CURLOPT_WRITEFUNCTION, on_body);
    set(easy, CURLOPT_WRITEDATA, &transfer);
    set(easy, CURLOPT_HEADERFUNCTION, on_header);
    set(easy, CURLOPT_HEADERDATA, &transfer);
    set(easy, CURLOPT_ERRORBUFFER, transfer.error);
    set(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
    set(easy, CURLOPT_URL, request.url.c_str());
    set_method(easy, request);
    set(easy, CURLOPT_TIMEOUT_MS, clamped(request.timeout));
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, clamped(options_.connect_timeout));
    set(easy, CURLOPT_NOSIGNAL, 1L);
    // A redirect is an answer; following it would take the key to another place.
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    // A gateway that ends an HTTP/2 connection (GOAWAY) takes the requests on it along, and libcurl
    // does not tell which of them it never looked at: each would be in doubt. In HTTP/1.1 it says
    // so with the last answer.
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_PIPEWAIT, 0L);
    set(easy, CURLOPT_TCP_NODELAY, 1L);
    set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    // PostgREST closes a connection that was idle for half a minute. Reusing one at that moment
    // would leave the request in doubt.
    set(easy, CURLOPT_MAXAGE_CONN, 20L);
    set(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    if (!certificates_.file.empty()) set(easy, CURLOPT_CAINFO, certificates_.file.c_str());
    if (!certificates_.directory.empty()) {
      set(easy, CURLOPT_CAPATH, certificates_.directory.c_str());
    }
    if (options_.verbose) {
      set(easy, CURLOPT_DEBUGFUNCTION, on_debug);
      set(easy, CURLOPT_VERBOSE, 1L);
    }
  }

  static long clamped(milliseconds time) {
    return static_cast<long>(std::clamp<milliseconds::rep>(time.count(), 0, 86'400'000));
  }

  void poll(milliseconds longest) {
    curl_waitfd wake = {};
    wake.fd = interrupt::wake_descriptor();
    wake.events = CURL_WAIT_POLLIN;
    // The pipe stays readable from the first signal on, so it would end every later poll at once;
    // the second signal is then noticed by looking often enough.
    const bool watch = wake.fd >= 0 && interrupt::signal_number() == 0;
    if (interrupt::signal_number() != 0) longest = std::min(longest, milliseconds(200));
    check(curl_multi_poll(multi_.get(), watch ? &wake : nullptr, watch ? 1 : 0,
                          static_cast<int>(std::min(longest, milliseconds(60'000)).count()),
                          nullptr));
  }

  // True once for each signal.
  bool stop_was_asked() {
    const int asked = interrupt::stop_now() ? 2 : interrupt::signal_number() != 0 ? 1 : 0;
    return asked > std::exchange(stops_seen_, asked);
  }

  std::vector<HttpCompletion> collect() {
    std::vector<HttpCompletion> completions;
    // What libcurl has told once must reach the caller, whatever memory there is.
    completions.reserve(active_.size());
    idle_.reserve(idle_.size() + active_.size());
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      char* pointer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pointer);
      auto& transfer = *reinterpret_cast<Transfer*>(pointer);
      try {
        finish(transfer, code);
      } catch (const std::bad_alloc&) {
        transfer.result = HttpResult{};
        transfer.result.delivery = transfer.sends == 0 ? Delivery::not_sent : Delivery::unknown;
        transfer.result.transport_error = "out of memory";  // short enough to need none
      }
      curl_multi_remove_handle(multi_.get(), transfer.easy.get());
      completions.push_back({transfer.id, std::move(transfer.result)});
      const auto found = active_.find(transfer.id);
      idle_.push_back(std::move(found->second));
      active_.erase(found);
    }
    return completions;
  }

  static void finish(Transfer& transfer, CURLcode code) {
    auto& result = transfer.result;
    long status = 0;
    long proxy_answer = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_answer);
    // libcurl takes a connection that ends among the headers for the end of an answer.
    const bool whole = code == CURLE_OK && transfer.has_all_headers;
    if (whole) {
      result.delivery = Delivery::answered;
      result.status = static_cast<int>(status);
      if (status == 407) result.proxy_status = 407;
      return;
    }
    // Half an answer explains nothing.
    result = HttpResult{};
    result.delivery = transfer.sends == 0 ? Delivery::not_sent : Delivery::unknown;
    result.permanent = is_permanent(code) || proxy_answer == 407;
    if (proxy_answer == 407) result.proxy_status = 407;
    if (transfer.sends > 1 || code == CURLE_OK) {
      result.transport_error = "The connection was lost before the answer came";
    } else {
      const std::string_view message = trim(transfer.error);
      result.transport_error = redact(message.empty() ? curl_easy_strerror(code) : message);
    }
  }

  // Declared first, destroyed last: easy handles go before their multi handle.
  Multi multi_;
  TransportOptions options_;
  Certificates certificates_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>> active_;
  std::vector<std::unique_ptr<Transfer>> idle_;
  int stops_seen_ = 0;
};

}  // namespace

std::unique_ptr<Transport> make_curl_transport(const TransportOptions& options) {
  return std::make_unique<CurlTransport>(options);
}

}  // namespace pgseed
