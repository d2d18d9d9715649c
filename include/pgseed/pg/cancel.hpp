#pragma once
// SIGINT and SIGTERM reach a statement that is being executed.
#include <thread>

#include "pgseed/pg/session.hpp"

namespace pgseed::pg {

// While it lives, a stop request (base/interrupt) cancels what the session executes: that statement
// fails with SQLSTATE 57014. The second request breaks the connection off: Interrupted, even where
// the server does not answer. One thread, which sleeps. The session must outlive it.
class CancelOnInterrupt {
 public:
  explicit CancelOnInterrupt(Session& session);
  ~CancelOnInterrupt();
  CancelOnInterrupt(const CancelOnInterrupt&) = delete;
  CancelOnInterrupt& operator=(const CancelOnInterrupt&) = delete;

 private:
  int end_[2] = {-1, -1};  // a pipe: closed when this ends
  std::thread thread_;
};

}  // namespace pgseed::pg
