#include "pgseed/sql/dialect.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgseed::sql;
using namespace std::string_literals;

TEST_CASE("sql dialect: what only one program writes tells the dialect") {
  const struct {
    std::string text;
    Dialect dialect;
  } cases[] = {
      {"", Dialect::postgresql},
      {"INSERT INTO t VALUES (1);", Dialect::postgresql},
      {"--\n-- PostgreSQL database dump\n--\nSET x = 1;", Dialect::postgresql},
      {"--\n-- PostgreSQL database cluster dump\n--\n", Dialect::postgresql},
      {"\\restrict abc\nINSERT INTO t VALUES ('`');", Dialect::postgresql},
      {"-- MySQL dump 10.13  Distrib 8.0\n", Dialect::mysql},
      {"-- MariaDB dump 10.19\n", Dialect::mysql},
      {"/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump", Dialect::mysql},
      {"-- phpMyAdmin SQL Dump\n", Dialect::mysql},
      {"INSERT INTO `t` VALUES (1);", Dialect::mysql},
      {"/*!40101 SET NAMES utf8 */;\n", Dialect::mysql},
      {"CREATE TABLE t (a int) ENGINE=InnoDB;", Dialect::mysql},
      {"create table t (a int auto_increment);", Dialect::mysql},
      {"DELIMITER $$\nCREATE PROCEDURE p() BEGIN END $$\n", Dialect::mysql},
      {"SET FOREIGN_KEY_CHECKS=0;", Dialect::mysql},
      {"INSERT INTO t VALUES (1);\nLOCK TABLES x WRITE;", Dialect::mysql},
      {"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;", Dialect::sqlite},
      {"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);", Dialect::sqlite},
      {"DELETE FROM sqlite_sequence;", Dialect::sqlite},
      // SQLite takes backticks, too.
      {"CREATE TABLE `t` (`id` INTEGER PRIMARY KEY AUTOINCREMENT);", Dialect::sqlite},
      {"PRAGMA foreign_keys=OFF;\nINSERT INTO `t` VALUES (1);", Dialect::sqlite},
      {"CREATE TABLE `t` (a TEXT PRIMARY KEY) WITHOUT ROWID;", Dialect::sqlite},
      {"INSERT INTO `t` VALUES (unistr('a\\u000a'));", Dialect::sqlite},
      {"INSERT INTO `t` VALUES (replace('a','\\n',char(10)));", Dialect::sqlite},
      {"BEGIN TRANSACTION;\nCREATE TABLE `t` (`s` TEXT);\nINSERT INTO `t` VALUES ('\\f');",
       Dialect::sqlite},
      {"START TRANSACTION;\nINSERT INTO `t` VALUES (1);", Dialect::mysql},
      {"INSERT OR IGNORE INTO t VALUES ('C:\\new');", Dialect::sqlite},
      {"CREATE TRIGGER a AFTER INSERT OR UPDATE ON t EXECUTE FUNCTION f();", Dialect::postgresql},
      {"CREATE TABLE `pragma` (`autoincrement` int AUTO_INCREMENT);", Dialect::mysql},
      {"SELECT 1\nGO\nSELECT 2\nGO\n", Dialect::sql_server},
      {"SELECT 1\r\nGO\r\n", Dialect::sql_server},
      {"INSERT [dbo].[t] VALUES (1)", Dialect::sql_server},
      {"SET IDENTITY_INSERT t ON", Dialect::sql_server},
      // Navicat writes for all of them.
      {"/*\n Navicat Premium Data Transfer\n\n Source Server Type    : MySQL\n*/", Dialect::mysql},
      {"/*\n Navicat Premium Data Transfer\n\n Source Server Type    : PostgreSQL\n*/",
       Dialect::postgresql},
      {"/*\n Navicat Premium Data Transfer\n\n Source Server Type    : SQLite\n*/",
       Dialect::sqlite},
  };
  for (const auto& [text, dialect] : cases) {
    CAPTURE(text);
    CHECK(name(detect_dialect(text)) == std::string(name(dialect)));
  }
}

TEST_CASE("sql dialect: marks inside strings, names, comments and data are no evidence") {
  for (const std::string text : {
           "INSERT INTO t VALUES ('`code`, ENGINE=x, /*!50000 */');",
           "-- uses `backticks` and ENGINE=\nSELECT 1;",
           "/* don't use `x` */ SELECT 1;",
           "SELECT \"`it's`\" FROM t;",
           "CREATE FUNCTION f() AS $$ SELECT '`' -- ` $$;\nSELECT 1;",
           "CREATE FUNCTION f() AS $x$ `AUTO_INCREMENT` $$ PRAGMA $x$;",
           "INSERT INTO t VALUES ('\\');\nINSERT INTO t VALUES ('\\', '`');",
           "INSERT INTO t VALUES ('\\frac');",
           "COPY t FROM stdin;\n`code`\tit's PRAGMA\n\\.\n",
           "copy t (a) from STDIN WITH CSV;\n`\n",
           "BEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS \"users\" (id serial);",
           "INSERT INTO t VALUES ('an open string with ` at the end of the block",
       }) {
    CAPTURE(text);
    CHECK(name(detect_dialect(text)) == std::string("postgresql"));
  }
}

TEST_CASE("sql dialect: what is no SQL text at all is named") {
  const struct {
    std::string text;
    std::string what;
  } cases[] = {
      {"PGDMP\x01\x0E", "an archive of pg_dump -Fc"},
      {"\x1F\x8B\x08", "gzip data"},
      {"\x28\xB5\x2F\xFD", "zstd data"},
      {"\xFD"
       "7zXZ\0"s,
       "xz data"},
      {"BZh9", "bzip2 data"},
      {"PK\x03\x04", "a zip archive"},
      {"SQLite format 3\0"s, "an SQLite database file"},
      {"\xFF\xFEI\0N\0"s, "UTF-16 text"},
      {"\xFE\xFF\0I\0N"s, "UTF-16 text"},
      {"I\0N\0S\0E\0"s, "binary data or UTF-16 text, not SQL"},
      {"\x7F"
       "ELF\x02",
       "a program"},
      {"%PDF-1.7", "a PDF document"},
      {"toc.dat" + std::string(250, '\0') + "ustar", "a tar archive"},
      {"\n <!DOCTYPE HTML><html>", "an HTML page, not SQL"},
      {"\xEF\xBB\xBF<html>", "an HTML page, not SQL"},
      {"<?xml version='1.0'?>", "an XML document, not SQL"},
      {"{\"a\": 1}", "JSON, not SQL"},
      {"\xEF\xBB\xBF[1]", "JSON, not SQL"},
  };
  for (const auto& [text, what] : cases) {
    CAPTURE(what);
    const auto found = recognize_foreign(text);
    REQUIRE(found);
    CHECK(found->what == what);
  }
  for (const std::string text :
       {"", "a", "-- x", "INSERT INTO t VALUES ('<html>');", "-- {\n/* [ */ SELECT 1;",
        "\xEF\xBB\xBFSELECT 1;", "INSERT INTO t VALUES ('\xE9');"}) {
    CAPTURE(text);
    CHECK(!recognize_foreign(text));
  }
}

TEST_CASE(
    "sql dialect: quotes behind backslashes and in nested comments do not turn text into code") {
  for (const std::string text : {
           "INSERT INTO t VALUES (E'it\\'s', '`');",
           "INSERT INTO t VALUES (e'a''\\'b', '`');",
           "/* /* it's */ \" */ INSERT INTO t VALUES ('`');",
           "SET standard_conforming_strings = off;\nINSERT INTO t VALUES ('\\'`');",
           "COPY t (a)\n  FROM -- '\n stdin;\n`\n\\.\n",
       }) {
    CAPTURE(text);
    CHECK(detect_dialect(text) == Dialect::postgresql);
  }
}

TEST_CASE("sql dialect: of the marks of several dialects the first one counts") {
  CHECK(detect_dialect("INSERT INTO `t` VALUES ('it\\'s COPY x FROM stdin');") == Dialect::mysql);
  CHECK(detect_dialect("# it's\nINSERT INTO `t` VALUES ('FROM stdin');") == Dialect::mysql);
  CHECK(detect_dialect("PRAGMA foreign_keys=OFF;\nCREATE TABLE `t`(a);") == Dialect::sqlite);
  CHECK(detect_dialect("CREATE TABLE `pragma ` (a int AUTO_INCREMENT);\nPRAGMA x;") ==
        Dialect::mysql);
  CHECK(detect_dialect("# it's\nINSERT INTO t VALUES ('COPY t FROM stdin;');") == Dialect::mysql);
  CHECK(detect_dialect("SELECT 5 # 3;\nCOPY t FROM stdin;\n#\n\\.\n") == Dialect::postgresql);
  CHECK(detect_dialect("COPY t FROM stdin;\n`\n\\.\n") == Dialect::postgresql);
}
