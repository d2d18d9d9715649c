#pragma once
// Keeps two runs apart that would do the same work or fill the same table. The system lets a lock
// go when its holder ends, however that happens.
#include <string>

namespace pgseed::seed {

class RunLock {
 public:
  // path: a file for this one purpose; it is made, and stays. what: "the same work", for the
  // message. Throws Error{storage} with the holder's process number if another run has it.
  RunLock(const std::string& path, const std::string& what);
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace pgseed::seed
