#include "pgseed/pg/server_message.hpp"

#include <doctest/doctest.h>

namespace pgseed::pg {

TEST_CASE("server message: all fields of an error are found") {
  const auto message = parse_server_message(
      "ERROR:  duplicate key value violates unique constraint \"t_pkey\"\n"
      "DETAIL:  Key (id)=(1) already exists.\nsecond line\n"
      "HINT:  Try another.\n"
      "CONTEXT:  COPY t, line 2\n",
      "insert");
  CHECK(message.severity == "ERROR");
  CHECK(message.primary == "duplicate key value violates unique constraint \"t_pkey\"");
  CHECK(message.detail == "Key (id)=(1) already exists.\nsecond line");
  CHECK(message.hint == "Try another.");
  CHECK(message.context == "COPY t, line 2");
  CHECK(message.line == 0);
  CHECK(message.column == 0);
}

TEST_CASE("server message: the place is a line and a character of the statement") {
  const struct {
    const char* excerpt;
    const char* statement;
    int line, column;
  } cases[] = {
      {"LINE 1: selec 1\n        ^\n", "selec 1", 1, 1},
      {"LINE 2: from nosuch\n             ^\n", "select 1\nfrom nosuch", 2, 6},
      {"LINE 12: x\n         ^\n", "\n\n\n\n\n\n\n\n\n\n\nx", 12, 1},
      {"LINE 1: select 'ß', x\n                    ^\n", "select 'ß', x", 1, 13},
      {"LINE 1: select  x\n                ^\n", "select \tx", 1, 9},
      // Only a part of a long line is shown.
      {"LINE 1: ...b, c, nosuch, d...\n                 ^\n", "select a, b, c, nosuch, d, e", 1,
       17},
      // The part is there twice, or not at all: no guess.
      {"LINE 1: ...x, x...\n           ^\n", "select x, x, x, x", 1, 0},
      {"LINE 1: other\n        ^\n", "select 1", 1, 0},
      {"LINE 9: x\n        ^\n", "x", 9, 0},
  };
  for (const auto& [excerpt, statement, line, column] : cases) {
    const std::string shown(excerpt);
    CAPTURE(shown);
    const auto message =
        parse_server_message(std::string("ERROR:  wrong\n") + excerpt + "HINT:  none\n", statement);
    CHECK(message.primary == "wrong");
    CHECK(message.hint == "none");
    CHECK(message.line == line);
    CHECK(message.column == column);
  }
}

TEST_CASE("server message: a place inside a function is none of the statement") {
  const auto message = parse_server_message(
      "ERROR:  relation \"nosuch\" does not exist\nLINE 1: select from nosuch\n"
      "                    ^\nQUERY:  select from nosuch\n"
      "CONTEXT:  PL/pgSQL function f() line 3 at PERFORM\n",
      "select f()");
  CHECK(message.primary == "relation \"nosuch\" does not exist");
  CHECK(message.line == 0);
  CHECK(message.column == 0);
  CHECK(message.context == "PL/pgSQL function f() line 3 at PERFORM");
}

TEST_CASE("server message: a message of several lines, another language or no form stays whole") {
  CHECK(parse_server_message("FEHLER:  eins\nzwei\n", "").primary == "eins\nzwei");
  CHECK(parse_server_message("FEHLER:  eins\n", "").severity == "FEHLER");
  CHECK(parse_server_message("no form at all", "").primary == "no form at all");
  CHECK(parse_server_message("", "").primary.empty());
}

TEST_CASE("server message: a failed connection is refused, unreachable or malformed") {
  const struct {
    const char* message;
    ConnectFailure failure;
    const char* hint_part;
  } cases[] = {
      {"connection to server at \"h\" (1.2.3.4), port 5432 failed: Connection refused\n\tIs the "
       "server running on that host and accepting TCP/IP connections?\n",
       ConnectFailure::unreachable, "is running"},
      {"connection to server at \"h\" (1.2.3.4), port 5432 failed: FATAL:  password authentication "
       "failed for user \"u\"\n",
       ConnectFailure::refused, "user and password"},
      {"connection to server at \"h\", port 5432 failed: fe_sendauth: no password supplied\n",
       ConnectFailure::refused, "user and password"},
      {"connection to server at \"h\", port 5432 failed: FATAL:  database \"x\" does not exist\n",
       ConnectFailure::refused, "database name"},
      {"connection to server on socket \"/run/.s.PGSQL.5432\" failed: No such file or directory\n",
       ConnectFailure::unreachable, "names no host"},
      {"connection to server at \"h\", port 6543 failed: FATAL:  Tenant or user not found\n",
       ConnectFailure::refused, "postgres.<project ref>"},
      {"connection to server at \"h\", port 5432 failed: FATAL:  the database system is starting "
       "up\n",
       ConnectFailure::unreachable, ""},
      {"connection to server at \"h\", port 5432 failed: FATAL:  the database system is not yet "
       "accepting connections\nDETAIL:  Consistent recovery state has not been yet reached.\n",
       ConnectFailure::unreachable, ""},
      {"connection to server at \"h\", port 6543 failed: FATAL:  client sent partial pkt in "
       "startup "
       "phase\n",
       ConnectFailure::unreachable, ""},
      {"connection to server at \"h\", port 5432 failed: FATAL:  sorry, too many clients already\n",
       ConnectFailure::unreachable, ""},
      {"connection to server at \"h\", port 5432 failed: server does not support SSL, but SSL was "
       "required\n",
       ConnectFailure::unreachable, "sslmode=disable"},
      {"connection to server at \"h\" (2600::1), port 5432 failed: Network is unreachable\n\tIs "
       "the "
       "server running on that host and accepting TCP/IP connections?\n",
       ConnectFailure::unreachable, "IPv6"},
      {"could not translate host name \"h\" to address: Name or service not known\n",
       ConnectFailure::unreachable, "host name"},
      {"connection to server at \"h\", port 1 failed: timeout expired\n",
       ConnectFailure::unreachable, "host and port"},
      {"connection to server at \"h\", port 1 failed: server closed the connection unexpectedly\n"
       "\tThis probably means the server terminated abnormally\n"
       "\tbefore or while processing the request.\n",
       ConnectFailure::unreachable, ""},
      {"invalid URI query parameter: \"x\"\n", ConnectFailure::malformed, ""},
      {"invalid sslmode value: \"x\"\n", ConnectFailure::malformed, ""},
      {"invalid port number: \"99999\"\n", ConnectFailure::malformed, ""},
      // Once told as "the database URL is not valid: out of memory".
      {"out of memory\n", ConnectFailure::no_memory, ""},
      {"connection to server at \"h\", port 1 failed: out of memory\n", ConnectFailure::no_memory,
       ""},
      {"connection to server at \"h\", port 1 failed: FATAL:  out of memory\n",
       ConnectFailure::unreachable, ""},
      // The last of several addresses decides.
      {"connection to server at \"h\" (::1), port 1 failed: Connection refused\n\tIs the server "
       "running on that host and accepting TCP/IP connections?\nconnection to server at \"h\" "
       "(127.0.0.1), port 1 failed: FATAL:  role \"u\" does not exist\n",
       ConnectFailure::refused, "user and database"},
  };
  for (const auto& [message, failure, hint_part] : cases) {
    const std::string shown(message);
    CAPTURE(shown);
    const auto diagnosis = diagnose_connect_failure(message);
    CHECK(diagnosis.failure == failure);
    CHECK(diagnosis.hint.find(hint_part) != std::string::npos);
    CHECK(diagnosis.hint.empty() == (*hint_part == '\0'));
    CHECK(diagnosis.message.find('\n') == std::string::npos);
  }
}

}  // namespace pgseed::pg
