#include "pgseed/io/read_ahead.hpp"

#include <csignal>
#include <utility>

namespace pgseed::io {

ReadAhead::ReadAhead(std::unique_ptr<ByteStream> from, const Source& source)
    : from_(std::move(from)), source_(source), offset_(source.offset()) {
  // Signals are for the thread that everything else runs in.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  std::exception_ptr problem;
  try {
    read_all();
  } catch (...) {
    problem = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    problem_ = std::move(problem);
  }
  changed_.notify_all();
}

void ReadAhead::read_all() {
  for (;;) {
    Block* free = nullptr;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || made_ - taken_ < blocks_.size(); });
      if (stop_) return;
      free = &blocks_[made_ % blocks_.size()];
    }
    const std::string_view bytes = from_->next();
    if (bytes.empty()) return;
    free->bytes.assign(bytes);
    free->offset = source_.offset();
    {
      const std::lock_guard lock(mutex_);
      ++made_;
    }
    changed_.notify_all();
  }
}

std::string_view ReadAhead::next() {
  std::unique_lock lock(mutex_);
  if (gave_) {
    ++taken_;
    gave_ = false;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return ended_ || taken_ < made_; });
  if (taken_ < made_) {
    const Block& block = blocks_[taken_ % blocks_.size()];
    gave_ = true;
    offset_ = block.offset;
    return block.bytes;
  }
  if (problem_) std::rethrow_exception(problem_);
  return {};
}

}  // namespace pgseed::io
