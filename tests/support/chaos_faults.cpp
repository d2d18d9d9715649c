#include "support/chaos_faults.hpp"

namespace pgseed::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kPage = "<html><body>bad gateway</body></html>";

// An answer in the place of the server's.
std::string random_answer(Random& random) {
  switch (random.below(7)) {
    case 0:
      return http_answer(503, "", "Retry-After: 0\r\n");
    case 1:
      return http_answer(429, "slow down");
    case 2:
      return http_answer(503, R"({"code":"PGRST001","details":null,"hint":null,"message":"gone"})",
                         "Content-Type: application/json\r\n");
    case 3:
      return http_answer(504, R"({"code":"PGRST003","details":null,"hint":null,"message":"full"})",
                         "Content-Type: application/json\r\n");
    case 4:
      return http_answer(400, R"({"code":"","details":null,"hint":null,"message":""})",
                         "Content-Type: application/json\r\n");
    default:
      return http_answer(random.one_in(2) ? 502 : 520, kPage, "Content-Type: text/html\r\n");
  }
}

}  // namespace

Fault random_fault(Random& random, const ProxyRequest& request) {
  // Rows and the questions about them; what comes before the first row less often, or no run would
  // get that far.
  const bool question = request.method == "GET" && request.target.size() > 40;
  const bool deletes = request.method == "DELETE";
  const std::size_t one_in = request.write > 0 || question ? 3 : deletes ? 4 : 30;
  Fault made;
  if (!random.one_in(one_in)) return made;
  made.reset = random.one_in(2);
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
      made.kind = Fault::Kind::lose_answer;
      break;
    case 3:
      made.kind = Fault::Kind::lose_answer;
      made.half_close = true;
      break;
    case 4:
    case 5:
      made.kind = Fault::Kind::cut_request;
      made.after = random.below(request.body_bytes + 1);
      break;
    case 6:
    case 7:
      made.kind = Fault::Kind::cut_answer;
      made.after = random.below(300);
      break;
    case 8:
    case 9:
      made.kind = Fault::Kind::answer;
      made.text = random_answer(random);
      break;
    case 10:
      // Only a gateway's own words: PostgREST does not say of what it has done that it has not.
      made.kind = Fault::Kind::swap_answer;
      made.text = http_answer(random.one_in(2) ? 502 : 520, kPage, "Content-Type: text/html\r\n");
      break;
    case 11:
      made.slice = 1 + random.below(30);
      break;
    case 12:  // some kilobytes a second
      made.slice = 1 + random.below(60);
      made.request_slice = 100 + random.below(1000);
      made.slice_pause = milliseconds(1 + random.below(8));
      break;
    case 13:
      // A deletion that arrives when its run is dead meets the rows of the next one: nobody but
      // --atomic could help there.
      if (!deletes) made.hold_request = milliseconds(1 + random.below(60));
      break;
    case 14:
      made.hold_answer = milliseconds(1 + random.below(60));
      break;
    default:
      if (random.one_in(8)) made.kind = Fault::Kind::black_hole;
  }
  return made;
}

StreamFault random_stream_fault(Random& random, bool with_silence) {
  StreamFault made;
  if (random.one_in(2)) return made;
  made.reset = random.one_in(2);
  switch (random.below(8)) {
    case 0:
      made.kind = StreamFault::Kind::lose_commit;
      break;
    case 1:
      made.kind = StreamFault::Kind::cut_commit;
      break;
    case 2:
      made.delay = milliseconds(1 + random.below(10));
      break;
    case 3:
      made.slice = 1 + random.below(40);
      break;
    default:
      made.kind =
          with_silence && random.one_in(4) ? StreamFault::Kind::black_hole : StreamFault::Kind::cut;
      made.from_the_server = random.one_in(2);
      // As often early as late, over some powers of two.
      made.after = random.below(std::size_t{32} << random.below(12));
  }
  return made;
}

}  // namespace pgseed::test
