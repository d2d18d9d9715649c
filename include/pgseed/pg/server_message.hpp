#pragma once
// The error text that libpq composes -> its fields. libpqxx 6 hands out nothing else. Pure.
#include <string>
#include <string_view>

namespace pgseed::pg {

struct ServerMessage {
  std::string severity;  // "ERROR", "FATAL", in the server's language
  std::string primary;   // may have several lines
  std::string detail;
  std::string hint;
  std::string context;
  // The place in the statement, from 1, or 0 when unknown. column counts characters.
  int line = 0;
  int column = 0;
};

// message: "ERROR:  text\nLINE 3: ...\n   ^\nDETAIL:  ...\nHINT:  ...\nCONTEXT:  ...\n".
// statement: the text that was sent, to find the column when libpq shows only a part of the line.
ServerMessage parse_server_message(std::string_view message, std::string_view statement);

// What a failed connection attempt means.
enum class ConnectFailure {
  malformed,    // libpq refused the connection string itself
  refused,      // the server, or libpq on its behalf, refused the user, password or database
  unreachable,  // no server, no route, TLS, starting up, no free slot
  no_memory,    // libpq had none, anywhere on its way to the server; says nothing of the server
};
struct ConnectDiagnosis {
  ConnectFailure failure = ConnectFailure::unreachable;
  std::string message;  // one line, unredacted
  std::string hint;
};
ConnectDiagnosis diagnose_connect_failure(std::string_view libpq_message);

}  // namespace pgseed::pg
