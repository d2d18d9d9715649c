#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/seed/input/mapping_file.hpp"

int fuzz_mapping(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> columns = {"a", "b", "c"};
  for (const char* path : {"fuzz.toml", "fuzz.json"}) {
    try {
      const pgseed::seed::Mapping mapping = pgseed::seed::parse_mapping(text, path);
      for (const pgseed::seed::TableRule& rule : mapping.tables) {
        const pgseed::TableName source{rule.source.schema.value_or("public"), rule.source.table};
        if (mapping.find(source) == nullptr) std::abort();
        const auto plan = pgseed::seed::plan_columns(mapping, rule, source, columns);
        if (plan.columns.size() != plan.steps.size()) std::abort();
      }
    } catch (const pgseed::Error& error) {
      if (error.kind != pgseed::ErrorKind::usage || !error.where.starts_with(path)) std::abort();
      if (error.where.find(":0") != std::string::npos) std::abort();
    }
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_mapping(data, size);
}
#endif
