// Stands between a program and the C library (LD_PRELOAD) and lets single calls fail: as a disk
// does that is full or dies, or a system without memory. For tests only; support/fault_shim.hpp
// sets the variables that it goes by. It must not allocate: malloc is one of the calls.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
}

namespace {

enum class Kind { none, error, brief, memory, new_memory, clock };

Kind kind = Kind::none;
int error_number = 0;
long at = 0;            // which call fails, from 1; 0: none, all are counted
bool from = false;      // and all behind it
const char* part = "";  // of the path
int only = -1;          // or this descriptor
const char* told = "";  // file that says what came of it
std::atomic<long> calls = 0;
std::atomic<bool> armed = false;
std::atomic<bool> was_told = false;

long number_of(const char* variable, long otherwise) {
  const char* const set = std::getenv(variable);
  return set == nullptr ? otherwise : std::strtol(set, nullptr, 10);
}

const char* text_of(const char* variable) {
  const char* const set = std::getenv(variable);
  return set == nullptr ? "" : set;
}

void read_settings() {
  const char* const name = text_of("PGSEED_FAULT");
  at = number_of("PGSEED_FAULT_AT", 0);
  from = number_of("PGSEED_FAULT_FROM", 0) != 0;
  only = static_cast<int>(number_of("PGSEED_FAULT_FD", -1));
  part = text_of("PGSEED_FAULT_PATH");
  told = text_of("PGSEED_FAULT_TOLD");
  const struct {
    const char* name;
    Kind kind;
    int number;
  } kinds[] = {
      {"ENOSPC", Kind::error, ENOSPC}, {"EIO", Kind::error, EIO},     {"EROFS", Kind::error, EROFS},
      {"EMFILE", Kind::error, EMFILE}, {"EINTR", Kind::error, EINTR}, {"brief", Kind::brief, 0},
      {"memory", Kind::memory, 0},     {"new", Kind::new_memory, 0},  {"clock", Kind::clock, 0}};
  for (const auto& each : kinds) {
    if (std::strcmp(each.name, name) != 0) continue;
    kind = each.kind;
    error_number = each.number;
  }
}

void tell(const char* what, long number) {
  if (*told == 0 || was_told.exchange(true)) return;
  const long file =
      syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  char line[96];
  const int size = std::snprintf(line, sizeof line, "%s %ld\n", what, number);
  syscall(SYS_write, file, line, static_cast<std::size_t>(size));
  syscall(SYS_close, file);
}

// One more call of the kind that may fail: does it?
bool comes_to_harm(const char* what) {
  const long number = ++calls;
  if (at == 0 || number < at || (number > at && !from)) return false;
  tell(what, number);
  return true;
}

bool is_meant(const char* path) {
  return armed && (kind == Kind::error || kind == Kind::brief) && only < 0 && *part != 0 &&
         path != nullptr && std::strstr(path, part) != nullptr;
}

bool is_meant(int descriptor) {
  if (!armed || (kind != Kind::error && kind != Kind::brief)) return false;
  if (only >= 0) return descriptor == only;
  char link[48];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const long size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  path[size > 0 ? size : 0] = 0;
  return is_meant(path);
}

template <class What>
bool fails(const char* name, const What& what) {
  if (!is_meant(what) || kind != Kind::error || !comes_to_harm(name)) return false;
  errno = error_number;
  return true;
}

// Of a write: -1 for an error, else how many of the bytes are taken.
ssize_t share(const char* name, int descriptor, std::size_t bytes) {
  if (!is_meant(descriptor) || !comes_to_harm(name)) return static_cast<ssize_t>(bytes);
  if (kind == Kind::brief) return static_cast<ssize_t>((bytes + 1) / 2);
  errno = error_number;
  return -1;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool memory_fails(Kind which) {
  return armed && kind == which && comes_to_harm(which == Kind::memory ? "malloc" : "new");
}

void* allocate(std::size_t size) {
  void* const memory = memory_fails(Kind::new_memory) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// The wall clock as somebody sets it: back and forth by hours and decades, beyond 2038 too.
std::time_t jump() {
  constexpr std::time_t kYear = 31'556'952;
  constexpr std::time_t kJumps[] = {0,          3600, -86'400, 20 * kYear, -30 * kYear,
                                    15 * kYear, -1,   7,       -3600,      60 * kYear};
  if (!armed || kind != Kind::clock) return 0;
  const long number = ++calls;
  tell("clock", number);
  return kJumps[static_cast<std::size_t>(number / 2) % std::size(kJumps)];
}

// Where it died, for whoever reads the failing test.
void on_death(int signal) {
  armed = false;
  void* frames[40];
  backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

using Main = int (*)(int, char**, char**);
Main program = nullptr;

// What happens before main and after it belongs to the libraries.
int watched(int count, char** arguments, char** environment) {
  read_settings();
  unsetenv("LD_PRELOAD");  // children are left alone
  void* frame = nullptr;
  backtrace(&frame, 1);  // the first time it needs memory
  std::signal(SIGSEGV, on_death);
  std::signal(SIGABRT, on_death);
  armed = kind != Kind::none;
  const int code = program(count, arguments, environment);
  armed = false;
  if (at == 0) tell("calls", calls);
  return code;
}

}  // namespace

extern "C" {

int __libc_start_main(Main entry, int count, char** arguments, void (*init)(), void (*fini)(),
                      void (*rtld_fini)(), void* stack_end) {
  program = entry;
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  return next<Start>("__libc_start_main")(watched, count, arguments, init, fini, rtld_fini,
                                          stack_end);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  if (fails("open", path)) return -1;
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return open(path, flags, mode);
}

int mkostemp(char* pattern, int flags) {
  if (fails("mkostemp", pattern)) return -1;
  return next<int (*)(char*, int)>("mkostemp")(pattern, flags);
}

int mkdir(const char* path, mode_t mode) {
  if (fails("mkdir", path)) return -1;
  return static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

ssize_t read(int descriptor, void* into, std::size_t bytes) {
  if (fails("read", descriptor)) return -1;
  return next<ssize_t (*)(int, void*, std::size_t)>("read")(descriptor, into, bytes);
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  const ssize_t taken = share("write", descriptor, size);
  if (taken < 0) return -1;
  return next<ssize_t (*)(int, const void*, std::size_t)>("write")(descriptor, bytes,
                                                                   static_cast<std::size_t>(taken));
}

ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t place) {
  const ssize_t taken = share("pwrite", descriptor, size);
  if (taken < 0) return -1;
  return next<ssize_t (*)(int, const void*, std::size_t, off_t)>("pwrite")(
      descriptor, bytes, static_cast<std::size_t>(taken), place);
}

ssize_t writev(int descriptor, const iovec* pieces, int count) {
  // Half of it: its first piece, halved.
  if (is_meant(descriptor)) {
    return count == 0 ? 0 : write(descriptor, pieces[0].iov_base, pieces[0].iov_len);
  }
  return next<ssize_t (*)(int, const iovec*, int)>("writev")(descriptor, pieces, count);
}

int fsync(int descriptor) {
  if (fails("fsync", descriptor)) return -1;
  return next<int (*)(int)>("fsync")(descriptor);
}

int fdatasync(int descriptor) {
  if (fails("fdatasync", descriptor)) return -1;
  return next<int (*)(int)>("fdatasync")(descriptor);
}

int ftruncate(int descriptor, off_t size) {
  if (fails("ftruncate", descriptor)) return -1;
  return next<int (*)(int, off_t)>("ftruncate")(descriptor, size);
}

int fallocate(int descriptor, int mode, off_t begin, off_t size) {
  if (fails("fallocate", descriptor)) return -1;
  return next<int (*)(int, int, off_t, off_t)>("fallocate")(descriptor, mode, begin, size);
}

int posix_fallocate(int descriptor, off_t begin, off_t size) {
  if (fails("posix_fallocate", descriptor)) return error_number;
  return next<int (*)(int, off_t, off_t)>("posix_fallocate")(descriptor, begin, size);
}

int flock(int descriptor, int operation) {
  if (fails("flock", descriptor)) return -1;
  return next<int (*)(int, int)>("flock")(descriptor, operation);
}

int rename(const char* from_path, const char* to_path) {
  if (fails("rename", to_path)) return -1;
  return next<int (*)(const char*, const char*)>("rename")(from_path, to_path);
}

int linkat(int from_folder, const char* from_path, int to_folder, const char* to_path, int flags) {
  if (fails("linkat", to_path)) return -1;
  return next<int (*)(int, const char*, int, const char*, int)>("linkat")(
      from_folder, from_path, to_folder, to_path, flags);
}

void* malloc(std::size_t size) {
  if (!memory_fails(Kind::memory)) return __libc_malloc(size);
  errno = ENOMEM;
  return nullptr;
}

void* calloc(std::size_t count, std::size_t size) {
  if (!memory_fails(Kind::memory)) return __libc_calloc(count, size);
  errno = ENOMEM;
  return nullptr;
}

void* realloc(void* memory, std::size_t size) {
  if (!memory_fails(Kind::memory)) return __libc_realloc(memory, size);
  errno = ENOMEM;
  return nullptr;
}

int clock_gettime(clockid_t clock, timespec* time) {
  const long result = syscall(SYS_clock_gettime, clock, time);
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && is_wall) time->tv_sec += jump();
  return static_cast<int>(result);
}

int gettimeofday(timeval* time, void*) {
  timespec now = {};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

std::time_t time(std::time_t* into) {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
