#include "pgseed/pg/in_time.hpp"

#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace pgseed::pg {

void run_in_time(std::chrono::milliseconds longest, std::function<void()> work) {
  auto task = std::packaged_task<void()>(std::move(work));
  const std::future<void> done = task.get_future();
  std::thread(std::move(task)).detach();
  done.wait_for(longest);
}

}  // namespace pgseed::pg
