#pragma once
// The fuzz targets as plain functions: libFuzzer calls them one by one, and the ordinary tests
// replay their corpora. Each aborts on a broken promise.
#include <cstddef>
#include <cstdint>

// DumpReader over any bytes: no crash, and the same pieces for two different cuts.
int fuzz_rows(const std::uint8_t* data, std::size_t size);
// The same without rows (every statement whole, COPY data passed over), and what is read out of
// statements: their kind, settings, table definitions.
int fuzz_statements(const std::uint8_t* data, std::size_t size);
// Recognition of formats and dialects.
int fuzz_dialect(const std::uint8_t* data, std::size_t size);
// .env files: entries with names, in order, or one error with its place.
int fuzz_env(const std::uint8_t* data, std::size_t size);
// Mapping files, as TOML and as JSON, and what they make of columns: rules, or one error with its
// place.
int fuzz_mapping(const std::uint8_t* data, std::size_t size);
