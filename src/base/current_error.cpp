#include "pgseed/base/current_error.hpp"

#include <exception>
#include <new>
#include <system_error>

#include "pgseed/base/text.hpp"

namespace pgseed {

Error current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::storage, "out of memory", "",
                 "lower --batch-bytes, --concurrency or --max-row-bytes");
  } catch (const std::system_error& error) {
    return Error(ErrorKind::storage, text("the system does not go along: ", redact(error.what())),
                 "", "look at the limits of memory, threads and open files: ulimit -a");
  } catch (const std::exception& error) {
    return Error(ErrorKind::storage, text("internal error: ", redact(error.what())), "",
                 "this is a defect of pgseed; please report it");
  }
}

}  // namespace pgseed
