#include "pgseed/pg/database_url.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/error.hpp"

namespace pgseed::pg {
namespace {

struct Case {
  const char* written;
  const char* normalized;
};

void check_all(std::initializer_list<Case> cases) {
  for (const auto& [written, normalized] : cases) {
    const std::string shown(written);
    CAPTURE(shown);
    CHECK(normalize_database_url(written) == normalized);
    CHECK(normalize_database_url(normalized) == normalized);
  }
}

ErrorKind kind_of_error(const char* url, std::string& message) {
  try {
    normalize_database_url(url);
  } catch (const Error& e) {
    message = e.message + e.where + e.hint;
    return e.kind;
  }
  return ErrorKind::rows;
}

}  // namespace

TEST_CASE("database url: every spelling of the scheme becomes libpq's") {
  for (const char* scheme :
       {"postgres://", "postgresql://", "postgresql+psycopg2://", "postgresql+asyncpg://",
        "postgres+psycopg://", "POSTGRES://", "PostgreSQL://", "jdbc:postgresql://",
        "JDBC:postgresql://", "pgsql://", "postgis://"}) {
    const std::string shown(scheme);
    CAPTURE(shown);
    CHECK(normalize_database_url(std::string(scheme) + "u:p@localhost:5432/db") ==
          "postgresql://u:p@localhost:5432/db?connect_timeout=10");
  }
}

TEST_CASE("database url: blanks, quotes, line ends and a psql command around it fall away") {
  const char* expected = "postgresql://u:p@localhost/db?connect_timeout=10";
  for (const char* written :
       {" postgresql://u:p@localhost/db ", "\"postgresql://u:p@localhost/db\"",
        "'postgresql://u:p@localhost/db'", "`postgresql://u:p@localhost/db`",
        " \" postgresql://u:p@localhost/db \" ", "postgresql://u:p@localhost/db\r\n",
        "\"'postgresql://u:p@localhost/db'\"", "psql 'postgresql://u:p@localhost/db'",
        "psql postgresql://u:p@localhost/db"}) {
    const std::string shown(written);
    CAPTURE(shown);
    CHECK(normalize_database_url(written) == expected);
  }
}

TEST_CASE("database url: special characters of a raw password are encoded") {
  check_all({
      {"postgresql://u:p@ss:w/o#r%d?&= x@localhost:5432/db",
       "postgresql://u:p%40ss%3Aw%2Fo%23r%25d%3F%26%3D%20x@localhost:5432/db?connect_timeout=10"},
      {"postgresql://u:p@ss:w/o@localhost/db",
       "postgresql://u:p%40ss%3Aw%2Fo@localhost/db?connect_timeout=10"},
      {"postgresql://u:%zz@localhost/db", "postgresql://u:%25zz@localhost/db?connect_timeout=10"},
      {"postgresql://u:50%@localhost/db", "postgresql://u:50%25@localhost/db?connect_timeout=10"},
      {"postgresql://u:a%4@localhost/db", "postgresql://u:a%254@localhost/db?connect_timeout=10"},
      {"postgresql://u:p%40ss%2F@localhost/db",
       "postgresql://u:p%40ss%2F@localhost/db?connect_timeout=10"},
      {"postgresql://u:a+b$!@localhost/db",
       "postgresql://u:a%2Bb%24%21@localhost/db?connect_timeout=10"},
      {"postgresql://u:[x]@localhost/db", "postgresql://u:%5Bx%5D@localhost/db?connect_timeout=10"},
      {"postgresql://u:päss@localhost/db",
       "postgresql://u:p%C3%A4ss@localhost/db?connect_timeout=10"},
      {"postgresql://u:12/3@localhost/db", "postgresql://u:12%2F3@localhost/db?connect_timeout=10"},
      {"postgresql://u:a?b=c@localhost/db",
       "postgresql://u:a%3Fb%3Dc@localhost/db?connect_timeout=10"},
      {"postgresql://u:@@localhost/db", "postgresql://u:%40@localhost/db?connect_timeout=10"},
      {"postgresql://u:@localhost/db", "postgresql://u:@localhost/db?connect_timeout=10"},
      {"postgresql://postgres.ref:p#w@localhost/db",
       "postgresql://postgres.ref:p%23w@localhost/db?connect_timeout=10"},
  });
}

TEST_CASE("database url: an @ in a parameter does not end the password") {
  check_all({
      {"postgresql://u:p@localhost/db?application_name=me@work",
       "postgresql://u:p@localhost/db?application_name=me@work&connect_timeout=10"},
      {"postgresql://localhost/db?user=a@b",
       "postgresql://localhost/db?user=a@b&connect_timeout=10"},
      {"postgresql://u:p@ss@localhost/db?user=a@b",
       "postgresql://u:p%40ss@localhost/db?user=a@b&connect_timeout=10"},
  });
}

TEST_CASE("database url: parameters of other drivers are dropped, libpq's and unknown ones stay") {
  for (const char* foreign :
       {"pgbouncer=true", "schema=public", "connection_limit=1", "pool_timeout=0",
        "prepared_statement_cache_size=0", "statement_cache_size=0",
        "prepared_statement_name_func=x", "sslaccept=strict", "socket_timeout=3",
        "prepareThreshold=0", "supa=base-pooler.x", "pgbouncer", ""}) {
    const std::string shown(foreign);
    CAPTURE(shown);
    CHECK(normalize_database_url(std::string("postgres://u@localhost/db?") + foreign +
                                 "&application_name=x") ==
          "postgresql://u@localhost/db?application_name=x&connect_timeout=10");
    CHECK(normalize_database_url(std::string("postgres://u@localhost/db?") + foreign) ==
          "postgresql://u@localhost/db?connect_timeout=10");
  }
  check_all({
      {"postgresql://u@localhost/db?options=-c%20statement_timeout%3D5s",
       "postgresql://u@localhost/db?options=-c%20statement_timeout%3D5s&connect_timeout=10"},
      {"postgresql://u@localhost/db?options=-c statement_timeout=5s",
       "postgresql://u@localhost/db?options=-c%20statement_timeout%3D5s&connect_timeout=10"},
      {"postgresql://u@localhost/db?connect_timeout=3&who_knows=1",
       "postgresql://u@localhost/db?connect_timeout=3&who_knows=1"},
  });
}

TEST_CASE("database url: TLS is required where nothing is said and the host is on the internet") {
  check_all({
      {"postgresql://u:p@db.abc.supabase.co:5432/postgres",
       "postgresql://u:p@db.abc.supabase.co:5432/postgres?sslmode=require&connect_timeout=10"},
      {"postgresql://postgres.ref:p@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true",
       "postgresql://postgres.ref:p@aws-0-eu.pooler.supabase.com:6543/"
       "postgres?sslmode=require&connect_timeout=10"},
      {"postgresql://u@10.0.0.7/db",
       "postgresql://u@10.0.0.7/db?sslmode=require&connect_timeout=10"},
      {"postgresql://u@[2001:db8::1]:5432/db",
       "postgresql://u@[2001:db8::1]:5432/db?sslmode=require&connect_timeout=10"},
      {"postgresql://u@localhost,db.example.com/db",
       "postgresql://u@localhost,db.example.com/db?sslmode=require&connect_timeout=10"},
      {"host=db.example.com dbname=d",
       "host='db.example.com' dbname='d' sslmode='require' connect_timeout='10'"},
      // What is given stays as it is.
      {"postgresql://u@db.example.com/db?sslmode=disable",
       "postgresql://u@db.example.com/db?sslmode=disable&connect_timeout=10"},
      {"postgresql://u@db.example.com/db?sslmode=verify-full&ssl=true",
       "postgresql://u@db.example.com/db?sslmode=verify-full&connect_timeout=10"},
      {"postgresql://u@db.example.com/db?ssl=true",
       "postgresql://u@db.example.com/db?sslmode=require&connect_timeout=10"},
      {"postgresql://u@db.example.com/db?ssl=false",
       "postgresql://u@db.example.com/db?sslmode=disable&connect_timeout=10"},
      {"postgresql+asyncpg://u@db.example.com/db?ssl=verify-full",
       "postgresql://u@db.example.com/db?sslmode=verify-full&connect_timeout=10"},
      {"postgresql://u@db.example.com/db?sslmode=no-verify",
       "postgresql://u@db.example.com/db?sslmode=require&connect_timeout=10"},
      // A container's name: libpq's default, TLS if offered.
      {"postgresql://u@postgres:5432/db", "postgresql://u@postgres:5432/db?connect_timeout=10"},
  });
}

TEST_CASE("database url: local hosts and sockets need no TLS") {
  for (const char* url :
       {"postgresql://u@localhost/db", "postgresql://u@127.0.0.1:5432/db",
        "postgresql://u@[::1]/db", "postgresql:///db",
        "postgresql://u@/db?host=/var/run/postgresql", "postgresql://u@%2Fvar%2Frun/db",
        "postgresql://127.0.0.1,localhost/db", "host=/tmp dbname=d", "dbname=d",
        "postgresql://u@app.localhost/db", "postgresql://u@db.example.com/db?hostaddr=127.0.0.1"}) {
    const std::string shown(url);
    CAPTURE(shown);
    CHECK(is_local_database(url));
    CHECK(normalize_database_url(url).find("sslmode") == std::string::npos);
  }
  for (const char* url :
       {"postgresql://u@db.example.com/db", "postgresql://u@127.example.com/db",
        "postgresql://u@localhost.example.com/db", "postgresql://u@postgres/db",
        "postgresql://u@localhost,10.0.0.1/db", "postgresql://u@localhost/db?host=db.example.com",
        "service=prod", "nonsense", ""}) {
    const std::string shown(url);
    CAPTURE(shown);
    CHECK(!is_local_database(url));
  }
}

TEST_CASE("database url: the keyword form passes with libpq's own quoting") {
  check_all({
      {"host=localhost port=5432 dbname=d user=u password=secret",
       "host='localhost' port='5432' dbname='d' user='u' password='secret' connect_timeout='10'"},
      {"host = localhost password = 'it\\'s a \\\\ secret'",
       "host='localhost' password='it\\'s a \\\\ secret' connect_timeout='10'"},
      {"host=localhost connect_timeout=3 password=''",
       "host='localhost' connect_timeout='3' password=''"},
  });
}

TEST_CASE("database url: anything else is refused without quoting a part of it") {
  for (const char* url :
       {"", "   ", "''", "secret-pw", "mysql://u:secret-pw@h/db", "https://secret-pw.supabase.co",
        "postgresql://user:secret-pw", "postgresql://u:secret-pw@h:54x/db",
        "postgresql://u:secret-pw@h:5432:1/db", "postgresql://u:secret-pw@[::1/db",
        "host=localhost password=secret-pw more", "host=localhost password='secret-pw",
        "https://h/?password=secret-pw", "sqlite:///secret-pw.db"}) {
    const std::string shown(url);
    CAPTURE(shown);
    std::string message;
    CHECK(kind_of_error(url, message) == ErrorKind::usage);
    CHECK(message.find("secret-pw") == std::string::npos);
    CHECK(message.find("DATABASE") == std::string::npos);
  }
}

TEST_CASE("database url: what is shown has neither password nor parameters") {
  const Case cases[] = {
      {"postgresql+psycopg2://u:p@ss@db.example.com:5432/app?sslmode=require",
       "postgresql://u@db.example.com:5432/app"},
      {"postgresql://localhost/app", "postgresql://localhost/app"},
      {"postgresql:///app", "postgresql:///app"},
      {"postgresql://u:p@localhost", "postgresql://u@localhost"},
      {"postgresql://localhost/app?user=u&password=p", "postgresql://u@localhost/app"},
      {"postgresql:///app?host=/tmp&port=5433", "postgresql:///tmp:5433/app"},
      {"host=h port=5433 user=u dbname=d password=p", "postgresql://u@h:5433/d"},
      {"u:p@h", "postgresql://(malformed)"},
      {"postgresql://u:pw", "postgresql://(malformed)"},
  };
  for (const auto& [written, display] : cases) {
    const std::string shown(written);
    CAPTURE(shown);
    CHECK(display_database_url(written) == display);
  }
}

TEST_CASE("database url: the password is found decoded, for masking") {
  const Case cases[] = {{"postgresql://u:p%40ss@h/db", "p@ss"},
                        {"postgresql://u:p@ss@h/db", "p@ss"},
                        {"postgresql://h/db?password=x%20y", "x y"},
                        {"host=h password='x y'", "x y"},
                        {"postgresql://u@h/db", ""},
                        {"nonsense", ""}};
  for (const auto& [written, password] : cases) {
    const std::string shown(written);
    CAPTURE(shown);
    CHECK(password_of_database_url(written) == password);
  }
}

}  // namespace pgseed::pg
