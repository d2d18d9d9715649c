#include "pgseed/base/folder.hpp"

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace pgseed {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

std::vector<std::string> names_in(const std::string& folder) {
  const std::unique_ptr<DIR, CloseFolder> open(opendir(folder.c_str()));
  if (!open) throw std::system_error(errno, std::generic_category());
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(open.get());
    if (entry == nullptr) break;
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) throw std::system_error(errno, std::generic_category());
  return names;
}

}  // namespace pgseed
