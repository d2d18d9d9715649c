#pragma once
// The fuzz targets as plain functions: libFuzzer calls them one by one, and the ordinary tests
// replay their corpora and mutations of them. Each throws BrokenPromise (promise.hpp) or crashes
// when a promise is broken; else 0. What the first bytes of the data choose stands in each target.
#include <cstddef>
#include <cstdint>

// DumpReader over any bytes: no crash, and the same pieces for two different cuts.
int fuzz_rows(const std::uint8_t* data, std::size_t size);
// The same for MySQL's dialect under each sql_mode, and for SQLite's: what leaves the readers is
// text wherever it is said to be text. With what is read out of statements.
int fuzz_mysql(const std::uint8_t* data, std::size_t size);
int fuzz_sqlite(const std::uint8_t* data, std::size_t size);
// The data of a COPY behind heads of every kind; the text format against a second reading of it.
int fuzz_copy(const std::uint8_t* data, std::size_t size);
// The same as fuzz_rows without rows (every statement whole, COPY data passed over), and what is
// read out of statements: their kind, settings, table definitions.
int fuzz_statements(const std::uint8_t* data, std::size_t size);
// DDL of MySQL and SQLite: its translation is the same for two different cuts, and PostgreSQL's own
// parser reads it.
int fuzz_ddl(const std::uint8_t* data, std::size_t size);
// Recognition of formats and dialects.
int fuzz_dialect(const std::uint8_t* data, std::size_t size);
// Rows that are no SQL: the SQL made of them is the same for two different cuts, holds nothing but
// rows of the one table, and its values are those of a second, simpler reading of the text.
int fuzz_csv(const std::uint8_t* data, std::size_t size);
int fuzz_json(const std::uint8_t* data, std::size_t size);
// Packed files: the same members and texts in blocks of any size, or an error; never more than the
// limits allow.
int fuzz_archive(const std::uint8_t* data, std::size_t size);
// Rows of each dialect to JSON and back: the body is JSON, and its values are those of the rows.
int fuzz_encode(const std::uint8_t* data, std::size_t size);
// .env files: entries with names, in order, or one error with its place.
int fuzz_env(const std::uint8_t* data, std::size_t size);
// Mapping files, as TOML and as JSON, and what they make of columns: rules, or one error with its
// place.
int fuzz_mapping(const std::uint8_t* data, std::size_t size);
// Ledgers, with and without checksums that fit: what they prove, or one error with its place.
int fuzz_ledger(const std::uint8_t* data, std::size_t size);
// What servers and gateways answer: headers and bodies become a verdict with a reason, waits with a
// cap.
int fuzz_headers(const std::uint8_t* data, std::size_t size);
