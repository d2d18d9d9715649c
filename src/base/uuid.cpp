#include "pgseed/base/uuid.hpp"

#include <sys/random.h>

#include <cerrno>

#include "pgseed/base/error.hpp"

namespace pgseed {

void append_uuid(std::string& out, UuidBytes bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | version << 4);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (index == 4 || index == 6 || index == 8 || index == 10) out += '-';
    out += "0123456789abcdef"[bytes[index] >> 4];
    out += "0123456789abcdef"[bytes[index] & 15];
  }
}

void append_random_uuid(std::string& out) {
  UuidBytes bytes;
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got < 0 && errno != EINTR) {
      throw Error(ErrorKind::storage, "the system's random generator does not answer");
    }
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  append_uuid(out, bytes, 4);
}

}  // namespace pgseed
