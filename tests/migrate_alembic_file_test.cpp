#include "pgseed/migrate/alembic_file.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

using namespace pgseed;
using namespace pgseed::migrate;

namespace {

std::string joined(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ",") + item;
  return out;
}

// "id <- parents | labels | depends", or the error.
std::string shown(const std::string& content) {
  try {
    const Revision revision = parse_alembic_file(content, "x.py");
    CHECK(revision.format == FileFormat::alembic);
    CHECK_FALSE(revision.upgrade.has_value());
    CHECK_FALSE(revision.downgrade.has_value());
    return text(revision.id, " <- ", joined(revision.down_revisions), " | ",
                joined(revision.branch_labels), " | ", joined(revision.depends_on));
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    return error.where + " " + error.message;
  }
}

}  // namespace

TEST_CASE("alembic file: what Alembic's template writes is read") {
  const Revision revision = parse_alembic_file(R"py("""add the "jobs" table
and an index

Longer remarks.
    indented

Revision ID: 4ad734eb5a1a
Revises: 1975ea83b712
Create Date: 2025-12-14 16:32:12.337477

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = '4ad734eb5a1a'
down_revision: Union[str, None] = '1975ea83b712'
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    revision = 'not this one'
)py",
                                               "versions/4ad734eb5a1a_x.py");
  CHECK(revision.id == "4ad734eb5a1a");
  CHECK(joined(revision.down_revisions) == "1975ea83b712");
  CHECK(revision.message == "add the \"jobs\" table and an index");
  CHECK(revision.created == "2025-12-14 16:32:12.337477");
  CHECK(revision.path == "versions/4ad734eb5a1a_x.py");
  // As `show` prints it, without the indentation.
  CHECK(revision.description ==
        "add the \"jobs\" table\nand an index\n\nLonger remarks.\n    indented\n\n"
        "Revision ID: 4ad734eb5a1a\nRevises: 1975ea83b712\n"
        "Create Date: 2025-12-14 16:32:12.337477");
}

TEST_CASE("alembic file: values come in every form of Python's literals") {
  const std::string down = "\ndown_revision = None\n";
  const struct {
    std::string content;
    std::string wanted;
  } cases[] = {
      {"revision = \"a\"" + down, "a <-  |  | "},
      {"revision='a'" + down, "a <-  |  | "},
      {"revision = 'a' 'b' \"c\"" + down, "abc <-  |  | "},
      {"revision = (\n  'a'  # one\n  'b'\n)" + down, "ab <-  |  | "},
      {"revision = '''a'''" + down, "a <-  |  | "},
      {"revision = r'a\\b'" + down, "a\\b <-  |  | "},
      {"revision = u\"a\"" + down, "a <-  |  | "},
      {"revision = '\\x61\\u0062\\143\\U00000064\\'\\\\'" + down, "abcd'\\ <-  |  | "},
      {"revision = 'a\\\nb'" + down, "ab <-  |  | "},
      {"revision = \\\n  'a'" + down, "a <-  |  | "},
      {"revision='a'; down_revision='b'; depends_on='c'", "a <- b |  | c"},
      {"revision: str='a'\ndown_revision: 'Union[str, None]' = (\"b\", 'c')", "a <- b,c |  | "},
      {"revision:str\nrevision = 'a'" + down, "a <-  |  | "},
      {"revision = 'a'\ndown_revision = 'b', 'c',", "a <- b,c |  | "},
      {"revision = 'a'\ndown_revision = ('b')", "a <- b |  | "},
      {"revision = 'a'\ndown_revision = (('b',))", "a <- b |  | "},
      {"revision = 'a'\ndown_revision = ()", "a <-  |  | "},
      {"revision = 'a'\ndown_revision = ['b', 'c']\nbranch_labels = {'x', 'y'}\ndepends_on = 'd'",
       "a <- b,c | x,y | d"},
      {"revision = 'a'\ndown_revision = (\n    'b',  # the first, 'x'\n\n    # 'y',\n    \"c\"\n   "
       " "
       "'d',\n)  # all\n",
       "a <- b,cd |  | "},
      {"revision = 'a'\ndown_revision = None # 'b'", "a <-  |  | "},
      {"revision = 'a'\ndown_revision = (None)", "a <-  |  | "},
      {"revision = 'caf\xC3\xA9'" + down, "caf\xC3\xA9 <-  |  | "},
      {"\xEF\xBB\xBFrevision = 'a'" + down, "a <-  |  | "},
      {"revision\t=\t'a'\r\ndown_revision = (\r\n'b',\r\n'c')\r\n", "a <- b,c |  | "},
      {"revision = 'a'\rdown_revision = 'b'\r", "a <- b |  | "},
      {"\f\nrevision = 'a'\n\fdown_revision = 'b'\n", "a <- b |  | "},
      // The last assignment counts.
      {"revision = 'a'\ndown_revision = None\nrevision = 'b'\ndown_revision = 'c'", "b <- c |  | "},
  };
  for (const auto& each : cases) {
    CAPTURE(each.content);
    CHECK(shown(each.content) == each.wanted);
  }
}

TEST_CASE("alembic file: only what stands at the beginning of a line is an assignment") {
  const std::string truth = "\nrevision = 'a'\ndown_revision = 'b'\n";
  for (const char* const other : {
           "\"\"\"\nrevision = 'x'\ndown_revision = 'y'\n\"\"\"",
           "text = '''\nrevision = 'x'\n'''",
           "text = r'''\\''''\nother = '''\nrevision = 'x'\n'''",
           "text = f'''\n{1}\nrevision = 'x'\n'''",
           "text = \"revision = 'x'\"",
           "text = 'it\\'s' \"\\\"\"",
           "call(\nrevision = 'x',\ndown_revision = 'y'\n)",
           "config = {\nrevision : 'x'\n}",
           "text = 1 + \\\nrevision == 'x'",
           "# revision = 'x'",
           "if False:\n    revision = 'x'",
           "if False: pass; revision = 'x'",
           "class Old:\n\trevision = 'x'\n\tdown_revision = 'y'",
           "def f(): revision = 'x'; down_revision = 'y'",
           "revision_ids = 'x'\nmy_revision = 'y'\nrevision.x = 'z'\nold['revision'] = 'x'",
           "revision == 'x'",
           "revision: str",
           "print(revision)  # ( ' \"\"\"",
       }) {
    CAPTURE(std::string(other));
    CHECK(shown(text(other, truth)) == "a <- b |  | ");
    CHECK(shown(truth + other) == "a <- b |  | ");
  }
}

TEST_CASE("alembic file: a value that only Python knows is refused at its line") {
  const std::string hidden[] = {
      "os.getenv('REV')",
      "str('x')",
      "'a' + 'b'",
      "'%s' % x",
      "f'{x}'",
      "b'a'",
      "PARENT",
      "None if x else y",
      "['a'] + b",
      "('a', b)",
      "{'a': 'b'}",
      "('a' for a in b)",
      "'a'.lower()",
      "*x",
      "x = 'a'",
      "12",
      "lambda: 'a'",
      "('a', ('b', 'c'))",
      "(None, 'a')",
      "'a' 'b' f''",
      "'a', None",
      "-1",
      "",
  };
  for (const std::string& value : hidden) {
    CAPTURE(value);
    CHECK(shown("\nrevision = 'a'\n\ndown_revision = " + value + "\n") ==
          "x.py:4 the value of down_revision is computed");
  }
  CHECK(shown("revision = 'a'\ndown_revision = None\nrevision += 'b'\n") ==
        "x.py:3 the value of revision is computed");
  CHECK(shown("revision, down_revision = 'a', None\n") ==
        "x.py:1 the value of revision is computed");
  CHECK(shown("revision = 'a'\ndown_revision = None\ndepends_on = (\n  'a',\n  other()\n)\n") ==
        "x.py:3 the value of depends_on is computed");
  const std::string deep(100000, '(');
  CHECK(shown("revision = " + deep) == "x.py:1 the value of revision is computed");
}

TEST_CASE("alembic file: what is no revision is refused") {
  const struct {
    std::string content;
    std::string wanted;
  } cases[] = {
      {"", "x.py:1 the file has no revision"},
      {"import os\n", "x.py:1 the file has no revision"},
      {"if True:\n    revision = 'a'\n    down_revision = None\n",
       "x.py:1 the file has no revision"},
      {"revision = ''\ndown_revision = None\n", "x.py:1 the file has no revision"},
      {"revision = None\ndown_revision = None\n", "x.py:1 the file has no revision"},
      {"revision = ('a',)\ndown_revision = None\n", "x.py:1 the file has no revision"},
      {"revision = 'a'\n", "x.py:1 revision a has no down_revision"},
      {"revision = 'a'\nif x:\n    down_revision = 'b'\n",
       "x.py:1 revision a has no down_revision"},
      {"revision = 'a'\n\ntext = 'b\n", "x.py:3 a string is never closed"},
      {"\n\n\"\"\"\nrevision = 'a'\n", "x.py:3 a string is never closed"},
      {"revision = 'a'\ncall(\n[)\n", "x.py:2 a bracket is never closed"},
      {"revision = 'a'\ndown_revision = ('b',\n", "x.py:2 a bracket is never closed"},
      {"revision = 'a'\n# \xE9t\xE9\n", "x.py:2 the file is not UTF-8"},
      {std::string("revision = 'a'\n\0", 16), "x.py:2 a NUL byte in the file"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.content);
    CHECK(shown(each.content) == each.wanted);
  }
}

TEST_CASE("alembic file: the docstring is the first statement, if that is a string") {
  const std::string rest = "\nrevision = 'a'\ndown_revision = None\n";
  const struct {
    std::string head;
    std::string message;
    std::string description;
  } cases[] = {
      {"'one line'", "one line", "one line"},
      {"# licence\n\n\"\"\"\n\n  a\n  b\n\n\nc\n\n\"\"\"  # end", "a b", "a\n  b\n\n\nc"},
      {"r\"\"\"a \\d\"\"\"", "a \\d", "a \\d"},
      {"\"a\" \"b\"; import os", "ab", "ab"},
      {"\"\"\"caf\\xe9 \\\"\\\"\\\" \\q\"\"\"", "caf\xC3\xA9 \"\"\" \\q", "caf\xC3\xA9 \"\"\" \\q"},
      {"\"\"\"a\r\n\r\nb\"\"\"", "a", "a\n\nb"},
      {"\"\"\"a\n \nb\"\"\"", "a b", "a\n \nb"},
      {"import os\n\"\"\"a\"\"\"", "", ""},
      {"x = \"\"\"a\"\"\"", "", ""},
      {"\"\"\"a\"\"\".strip()", "", ""},
      {"f\"\"\"a\"\"\"", "", ""},
      {"b\"\"\"a\"\"\"", "", ""},
      {"", "", ""},
      {"\"\"\"\"\"\"", "", ""},
  };
  for (const auto& each : cases) {
    CAPTURE(each.head);
    const Revision revision = parse_alembic_file(each.head + rest, "x.py");
    CHECK(revision.message == each.message);
    CHECK(revision.description == each.description);
    CHECK(revision.created.empty());
  }
}

TEST_CASE("alembic file: time grows with the file, not faster") {
  const std::string head = "revision = 'a'\ndown_revision = None\n";
  const struct {
    std::string what;
    std::string line;
  } cases[] = {{"strings", "x = '''\n''' \"'\" 'a\\\\'\n"},
               {"brackets", "x = (\n(),\n)\n"},
               {"backslashes", "x = 1 \\\n\n"},
               {"assignments", "revision = 'a'; depends_on = ('a', 'b')\n"},
               {"quotes", "x = ''''''\"\"\"\"\"\"\n"}};
  for (const auto& each : cases) {
    CAPTURE(each.what);
    std::string content = head;
    while (content.size() < 4'000'000) content += each.line;
    const auto begin = std::chrono::steady_clock::now();
    CHECK(parse_alembic_file(content, "x.py").id == "a");
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  }
}

TEST_CASE("alembic file: its name is that of a Python file that Alembic loads") {
  for (const char* const name : {"a.py", "4ad7_x.py", "_init.py", "a.b.py", "init.py"}) {
    CAPTURE(std::string(name));
    CHECK(is_alembic_file_name(name));
  }
  for (const char* const name : {".#a.py", ".a.py", "__init__.py", "__init__x.py", "a.pyc", "a.sql",
                                 "py", ".py", "README", "a.py.orig", ""}) {
    CAPTURE(std::string(name));
    CHECK_FALSE(is_alembic_file_name(name));
  }
}
