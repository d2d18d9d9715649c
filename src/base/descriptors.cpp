#include "pgseed/base/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace pgseed {

void hold_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one. O_PATH: neither to be read nor to be written.
    [[maybe_unused]] const int held = open("/", O_PATH);
  }
}

}  // namespace pgseed
