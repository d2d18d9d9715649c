#pragma once
// A database for an experiment, on the same server, gone afterwards.
#include <string>

namespace pgseed::cli {

class ScratchDatabase {
 public:
  // Creates it, empty (from template0). Throws Error with a hint where the role may not create
  // databases (then --scratch-url names one).
  explicit ScratchDatabase(const std::string& database_url);
  // Drops it, with the connections to it.
  ~ScratchDatabase();
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;

  const std::string& url() const { return url_; }  // a secret

 private:
  std::string server_url_, url_, name_;
};

}  // namespace pgseed::cli
