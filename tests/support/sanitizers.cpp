// What the leak checker is to pass over: libpqxx 6 loses the result of a statement during which the
// connection broke (it asks the dead connection for its encoding and throws). Some 2 kB each time.
// The name is the one that the checker looks for; without it nobody calls this.
extern "C" const char* __lsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:libpqxx";
}
extern "C" const char* __lsan_default_options();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "print_suppressions=0";
}
