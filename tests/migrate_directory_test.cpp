#include "pgseed/migrate/directory.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "support/temp_dir.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using test::TempDir;
namespace fs = std::filesystem;

namespace {

std::string ours(const std::string& id) {
  return "-- pgseed:migration 1\n-- revision: " + id + "\n\n-- upgrade\nSELECT 1;\n";
}

std::string alembic(const std::string& id) {
  return "\"\"\"m\n\n\"\"\"\nrevision = '" + id + "'\ndown_revision = None\n";
}

Locations in(const std::vector<fs::path>& folders, bool recursive = false) {
  Locations locations;
  locations.folders = folders;
  locations.recursive = recursive;
  return locations;
}

// "id format" of each revision, one after the other.
std::string ids(const Locations& locations) {
  std::string all;
  for (const Revision& revision : read_revisions(locations)) {
    all += revision.id;
    all += revision.format == FileFormat::pgseed    ? " "
           : revision.format == FileFormat::alembic ? "(py) "
                                                    : "(other) ";
  }
  return all;
}

// The error of an action, kind and message; the path stays out, it is another one each time.
template <class Action>
std::string refusal(Action&& action) {
  try {
    action();
    return "none";
  } catch (const Error& error) {
    return std::string(name(error.kind)) + ": " + error.message;
  }
}

}  // namespace

TEST_CASE("directory: the files are in versions where there is such a folder") {
  const TempDir folder;
  CHECK(versions_folder(folder.path()) == folder.path());
  folder.write("versions", "a file");
  CHECK(versions_folder(folder.path()) == folder.path());
  fs::remove(folder / "versions");
  fs::create_directory(folder / "versions");
  CHECK(versions_folder(folder.path()) == folder.path() / "versions");
}

TEST_CASE("directory: revisions of all formats are read by file name, other files passed over") {
  const TempDir folder;
  folder.write("c_x.sql", ours("c3"));
  folder.write("a_x.sql", ours("a1"));
  folder.write("b_x.py", alembic("b2"));
  folder.write("20250102030405_x.sql", "SELECT 1;");
  folder.write(".hidden.sql", "SELECT 1;");
  folder.write(".#a_x.py", "x");
  folder.write("__init__.py", "");
  folder.write("R_views.sql", "SELECT 1;");
  folder.write("a_x.sql~", "SELECT 1;");
  folder.write("README.md", "text");
  folder.write("below/d.sql", ours("d4"));
  folder.write("below/__pycache__/e.sql", ours("e5"));
  folder.write(".git/f.sql", ours("f6"));
  REQUIRE(mkfifo((folder / "pipe.sql").c_str(), 0600) == 0);
  CHECK(ids(in({folder.path()})) == "20250102030405(other) a1 b2(py) c3 ");
  CHECK(ids(in({folder.path()}, true)) == "20250102030405(other) a1 b2(py) c3 d4 ");
  CHECK(read_revisions(in({folder.path()}))[1].path == folder / "a_x.sql");
}

TEST_CASE("directory: folders are read in their order, each once") {
  const TempDir folder;
  folder.write("one/z.sql", ours("z"));
  folder.write("two/a.sql", ours("a"));
  fs::create_directory(folder / "three");
  fs::create_symlink("one", folder / "four");
  const fs::path one = folder / "one";
  CHECK(ids(in({one, folder / "two", folder / "three"})) == "z a ");
  CHECK(ids(in({one, folder / "one/", folder / "two/../one", folder / "four"})) == "z ");
  CHECK(ids(in({folder.path(), one}, true)) == "z a ");
}

TEST_CASE("directory: the .sql of a pair counts, two .sql files of one id stay two") {
  const TempDir folder;
  folder.write("a.sql", ours("a1"));
  folder.write("py/a.py", alembic("a1"));
  folder.write("py/b.py", alembic("b2"));
  folder.write("20250102030405_x.sql", "SELECT 1;");
  folder.write("py/x.py", alembic("20250102030405"));
  CHECK(ids(in({folder / "py", folder.path()})) == "b2(py) 20250102030405(other) a1 ");
  folder.write("copy.sql", ours("a1"));
  CHECK(ids(in({folder.path()})) == "20250102030405(other) a1 a1 ");
}

TEST_CASE("directory: a .sql and a .py of one id that stand at different places are refused") {
  const TempDir folder;
  const auto sql = [&](const std::string& headers) {
    folder.write("b.sql", "-- pgseed:migration 1\n-- revision: b2\n" + headers + "\n-- upgrade\n");
  };
  const auto python = [&](const std::string& first, const std::string& lines) {
    folder.write("b.py", first + "revision = 'b2'\n" + lines);
  };
  const auto pair = [&](Pairs pairs = Pairs::must_agree) {
    return refusal([&] { read_revisions(in({folder.path()}), pairs); });
  };
  const std::string py = folder / "b.py";
  sql("-- down_revision: a1\n-- depends_on: x, y\n-- branch_labels: lab\n");
  python("", "down_revision = 'a1'\ndepends_on = ('y', 'x')\nbranch_labels = {'lab'}\n");
  CHECK(pair() == "none");
  python("", "down_revision = ('a1', 'z9')\ndepends_on = ('y', 'x')\nbranch_labels = 'lab'\n");
  CHECK(pair() ==
        "input: revision b2 has another down_revision in " + py + ": a1, z9 there, a1 here");
  CHECK(pair(Pairs::may_differ) == "none");
  python("", "down_revision = 'a1'\ndepends_on = None\nbranch_labels = 'lab'\n");
  CHECK(pair() == "input: revision b2 has another depends_on in " + py + ": none there, x, y here");
  python("", "down_revision = 'a1'\ndepends_on = ['x', 'y']\n");
  CHECK(pair() ==
        "input: revision b2 has another branch_labels in " + py + ": none there, lab here");
  // A twin of ours is written anew.
  python("# pgseed:twin 1\n", "down_revision = None\n");
  try {
    read_revisions(in({folder.path()}));
  } catch (const Error& error) {
    CHECK(error.where == folder / "b.sql");
    CHECK(contains(error.hint, "export alembic"));
  }
  CHECK(pair() != "none");

  python("# pgseed:twin 1\n", "down_revision = 'a1'\nrevision = 'b3'\n");
  CHECK(pair() == "input: revision b2 has another id in " + py + ": b3 there, b2 here");
  CHECK(pair(Pairs::may_differ) == "none");
  python("", "down_revision = 'a1'\nrevision = 'b3'\n");
  CHECK(pair() == "none");  // alike by chance

  // What the .py was at the import is known to the .sql.
  python("", "down_revision = None\n");
  const auto read = [&] { return read_revisions(in({folder.path()})).at(0); };
  sql("-- x-alembic-sha256: " + alembic_checksum("revision = 'b2'\r\ndown_revision = None") + "\n");
  CHECK(read().alembic_path == py);
  CHECK_FALSE(read().alembic_changed);
  python("", "down_revision = None\nx = 1\n");
  CHECK(read().alembic_changed);
  python("# pgseed:twin 1\n", "down_revision = None\nx = 1\n");
  CHECK_FALSE(read().alembic_changed);
  sql("");
  CHECK_FALSE(read().alembic_changed);
}

TEST_CASE("directory: what cannot be read is an error with its path") {
  const TempDir folder;
  const auto read = [&] { read_revisions(in({folder.path()})); };
  CHECK(refusal([&] { read_revisions(in({folder / "none"})); }) ==
        "input: cannot read the folder of revisions: No such file or directory");
  try {
    read_revisions(in({folder / "none"}));
  } catch (const Error& error) {
    CHECK(error.where == folder / "none");
  }
  CHECK(refusal(read) == "none");
  fs::create_symlink("nowhere", folder / "a.sql");
  CHECK(refusal(read) == "input: cannot open the file: No such file or directory");
  fs::remove(folder / "a.sql");
  const std::string path = folder.write("b_x.sql", "SELECT 1;\n");
  CHECK(refusal(read) == "input: the first line is not \"-- pgseed:migration 1\"");
  folder.write("b_x.sql", "\n");
  CHECK(refusal(read) == "input: the file is empty");
  fs::remove(path);
  // Supabase makes empty files; among ours one of such a name is a torn one.
  folder.write("20250102030405_x.sql", "");
  CHECK(refusal(read) == "none");
  folder.write("a.sql", ours("a1"));
  CHECK(refusal(read) == "input: the file is empty");
}

TEST_CASE("directory: a slug is made as Alembic makes it") {
  const struct {
    std::string message, slug;
  } cases[] = {
      {"Add Users", "add_users"},
      {"  what's -- new?! ", "what_s_new"},
      {"_a__b_", "_a__b_"},
      {"", ""},
      {"!?", ""},
      {"tables für é 日本 2", "tables_für_é_日本_2"},
      {"a\xC2\xA0"
       "b\xE2\x80\x94"
       "c\xE3\x80\x80"
       "d \xF0\x9F\x98\x80",
       "a_b_c_d"},
      {"broken \xE9 byte\xF0\x9F", "broken_byte"},
      // The limit falls inside a word, behind one, and into a message of one word.
      {"this is a message that is longer than forty characters",
       "this_is_a_message_that_is_longer_than_"},
      {"1234567890123456789 12345678901234567890 x", "1234567890123456789_"},
      {std::string(41, 'x'), std::string(40, 'x') + "_"},
      {std::string(40, 'x'), std::string(40, 'x')},
  };
  for (const auto& one : cases) {
    CAPTURE(one.message);
    CHECK(slug(one.message, 40) == one.slug);
  }
  CHECK(slug("éé éé", 4) == "éé_");
  CHECK(slug("abc", 0) == "_");
}

TEST_CASE("directory: a new file is named by the template in local time") {
  std::tm local = {};
  local.tm_year = 125;
  local.tm_mon = 2;
  local.tm_mday = 4;
  local.tm_hour = 5;
  local.tm_min = 6;
  local.tm_sec = 7;
  local.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&local);
  const auto named = [&](const std::string& file_template) {
    Locations locations;
    if (!file_template.empty()) locations.file_template = file_template;
    return file_name(locations, "a1", "Add users", std::chrono::system_clock::from_time_t(seconds),
                     ".sql");
  };
  CHECK(named("") == "a1_add_users.sql");
  CHECK(named("%(year)d/%(month).2d/%(day).2d_%(hour).2d%(minute)02d-%(second).2d%%%(rev)s") ==
        "2025/03/04_0506-07%a1.sql");
  CHECK(named("%(epoch)s_%(day)d_%(slug)s") == std::to_string(seconds) + "_4_add_users.sql");
  CHECK(refusal([&] { named("%(author)s"); }) ==
        "usage: unknown name 'author' in the file template");
  CHECK(refusal([&] { named("100%"); }) ==
        "usage: a % in the file template that begins no %(name)s");
  CHECK(refusal([&] { named("%(rev)"); }) ==
        "usage: '%(rev)' in the file template has no s or d behind");
  CHECK(refusal([&] { file_name({}, "../x", "", {}, ".sql"); }) ==
        "input: the character '/' is not allowed in the revision id '../x'");
}

TEST_CASE("directory: a new file is written whole and never over another one") {
  const TempDir folder;
  const std::string content(300'000, 'x');
  write_new_file(folder / "a/b/new.sql", content);
  CHECK(test::read_file(folder / "a/b/new.sql") == content);
  CHECK(refusal([&] { write_new_file(folder / "a/b/new.sql", "other"); }) ==
        "usage: the file exists already");
  CHECK(test::read_file(folder / "a/b/new.sql") == content);
  CHECK(refusal([&] { write_new_file(folder / "a/b/new.sql/below.sql", ""); }) ==
        "storage: cannot make the folder of the file: Not a directory");
  CHECK(refusal([&] { write_new_file(folder / std::string(300, 'x'), ""); }) ==
        "storage: cannot make the file: File name too long");
}

TEST_CASE("directory: random ids are 12 hex digits, each another one") {
  std::set<std::string> seen;
  for (int round = 0; round < 100; ++round) {
    const std::string id = random_revision_id();
    CHECK(id.size() == 12);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    seen.insert(id);
  }
  CHECK(seen.size() == 100);
}
