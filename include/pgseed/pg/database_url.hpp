#pragma once
// DATABASE_URL as people write it -> what libpq takes, and what may be shown of it. Pure.
#include <string>
#include <string_view>

namespace pgseed::pg {

// Trims blanks and quotes; knows postgresql+psycopg2://, jdbc:postgresql://, other spellings and
// upper case; percent-encodes special characters in user and password (what is encoded already
// stays); drops parameters of Prisma, SQLAlchemy and other drivers that libpq would refuse;
// adds connect_timeout=10 where none is given, and sslmode=require where none is given and the host
// is neither local nor a bare name without a dot (a container or a machine of the same network,
// where libpq's own default, TLS if offered, stays). Keyword form (host=... dbname=...) passes with
// the same additions. The result normalizes to itself. Throws Error{usage} for anything else.
std::string normalize_database_url(std::string_view url);

// The same connection to another database. `name` is plain letters, digits and _. Normalized.
// Throws as normalize_database_url().
std::string with_database(std::string_view url, const std::string& name);
// The same without the password, normalized: it may be given to another program, with PGPASSWORD in
// its environment.
std::string without_password(std::string_view url);

// Host, port, database and user only, for messages: "postgresql://user@host:5432/db". Never throws
// for a malformed URL: then it is "postgresql://(malformed)".
std::string display_database_url(std::string_view url);

// True for loopback addresses, localhost and Unix sockets. False for what it cannot read.
bool is_local_database(std::string_view url);

// The password of a URL or keyword string, decoded; empty if there is none. For masking.
std::string password_of_database_url(std::string_view url);

}  // namespace pgseed::pg
