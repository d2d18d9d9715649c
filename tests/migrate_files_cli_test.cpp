// init, revision, merge, edit, lint, list_templates, as they are typed.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/scratch_project.hpp"
#include "support/terminal_input.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

namespace fs = std::filesystem;

// The one file that "Generating PATH ...  done" on stdout names, its path relative to the project.
std::string generated(const ScratchProject& project, const std::string& out) {
  const std::string begin = "Generating " + fs::canonical(project.folder().path()).string() + '/';
  const std::string end = " ...  done\n";
  REQUIRE(out.starts_with(begin));
  REQUIRE(out.ends_with(end));
  const std::string path = out.substr(begin.size(), out.size() - begin.size() - end.size());
  REQUIRE(fs::exists(project.folder().path() / path));
  return path;
}

std::string content(const ScratchProject& project, const std::string& path) {
  return read_file(project.folder() / path);
}

std::size_t files_in(const ScratchProject& project, const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(project.folder().path() / folder)) {
    if (!entry.path().filename().string().starts_with('.')) ++count;
  }
  return count;
}

// Without the folder that ScratchProject makes.
void remove_migrations(const ScratchProject& project) {
  fs::remove_all(project.folder().path() / "migrations");
}

}  // namespace

TEST_CASE("migrate init: makes the folder, and remembers one that is not the default") {
  const ScratchProject project("files");
  remove_migrations(project);
  const std::string here = fs::canonical(project.folder().path()).string();
  Result result = project.migrate({"init"});
  CHECK(result.exit_code == 0);
  CHECK(result.out == "Creating directory '" + here + "/migrations' ...  done\n" +
                          "Creating directory '" + here + "/migrations/versions' ...  done\n");
  CHECK(result.err == "next: pgseed migrate revision -m \"first revision\"\n");
  CHECK(!fs::exists(project.folder() / "pgseed.toml"));
  check_error(project.migrate({"init"}), 2, "Directory migrations already exists and is not empty",
              "pgseed migrate revision -m ... adds a revision to it");
  // The next command works at once, on no revision and on the first.
  for (const char* command : {"heads", "history"}) {
    result = project.migrate({command});
    CHECK(result.exit_code == 0);
    CHECK(result.out.empty());
    CHECK(result.err ==
          "there are no revisions in migrations/versions; pgseed migrate revision -m ... makes "
          "one\n");
  }
  result = project.migrate({"current"});
  CHECK(result.out.empty());
  CHECK(result.err == "no revision is applied\n");
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
  project.must({"revision", "-m", "first", "--rev-id", "001"});
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
  CHECK(project.rows() == "001");

  for (const std::string folder : {"db/changes", "it's \"odd\" \\ caf\u00e9"}) {
    CAPTURE(folder);
    const ScratchProject other("files_other");
    remove_migrations(other);
    const std::string out = other.must({"init", folder});
    CHECK(out.ends_with("/pgseed.toml ...  done\n"));
    other.must({"revision", "-m", "first", "--rev-id", "001"});
    CHECK(fs::exists(other.folder().path() / folder / "versions/001_first.sql"));
    CHECK(other.must({"heads"}) == "001 (head)\n");
  }
  // An empty folder that is there already is fine; a configuration that is there stays.
  const ScratchProject configured("files_other");
  configured.folder().write("pgseed.toml", "# mine\n");
  fs::create_directories(configured.folder().path() / "db");
  result = configured.migrate({"init", "db"});
  CHECK(result.exit_code == 0);
  CHECK(content(configured, "pgseed.toml") == "# mine\n");
  CHECK(contains(result.err,
                 "warning: pgseed.toml is there already: write dir = \"db\" below "
                 "[migrate]\n"));
  configured.folder().write("alembic.ini", "[alembic]\nscript_location = alembic\n");
  CHECK(contains(configured.migrate({"init", "db2"}).err,
                 "warning: alembic.ini names other folders: pass --dir db2 with every command\n"));
  // Where alembic.ini says is where it is made.
  CHECK(contains(configured.must({"init"}), "/alembic/versions' ...  done\n"));
  configured.must({"revision", "-m", "x", "--rev-id", "001"});
  CHECK(fs::exists(configured.folder() / "alembic/versions/001_x.sql"));

  const ScratchProject closed("files_other");
  closed.folder().write("file", "");
  check_error(closed.migrate({"init", "file/below"}), 7, "cannot make file/below: ");
  CHECK(closed.must({"list_templates"}).starts_with("Available templates:\n\nsql - "));
}

TEST_CASE("migrate revision: the new file is complete, named as Alembic's, and usable at once") {
  const ScratchProject project("files");
  remove_migrations(project);  // the first revision makes the folder
  const std::string first =
      generated(project, project.must({"revision", "-m", "create users", "--rev-id", "001"}));
  CHECK(first == "migrations/001_create_users.sql");
  const std::string text = content(project, first);
  CHECK(
      text.starts_with("-- pgseed:migration 1\n-- revision: 001\n-- down_revision:\n"
                       "-- branch_labels:\n-- depends_on:\n-- created: 2"));
  CHECK(text.ends_with("\n-- message: create users\n\n-- upgrade\n\n-- downgrade\n"));

  const std::string second = generated(project, project.must({"revision", "-m", "add e-mail"}));
  const std::string name = fs::path(second).filename().string();
  CHECK(name.find_first_not_of("0123456789abcdef") == 12);
  CHECK(name.substr(12) == "_add_e_mail.sql");
  CHECK(contains(content(project, second), "\n-- down_revision: 001\n"));
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
  CHECK(project.rows() == name.substr(0, 12));
  CHECK(project.must({"history"}) ==
        "001 -> " + name.substr(0, 12) + " (head), add e-mail\n<base> -> 001, create users\n");

  struct Named {
    const char* message;
    const char* slug;
  };
  const std::vector<Named> names = {
      {"", "_"},
      {"   ", "_"},
      {"...", "_"},
      {"Caf\u00e9 Cr\u00e8me", "_caf\u00e9_cr\u00e8me"},
      {"a/b\\c", "_a_b_c"},
      {"../../etc/passwd", "_etc_passwd"},
      {"quote ' \" $(x) `id` %s", "_quote_x_id_s"},
      {"two\nlines", "_two_lines"},
      {"-dash", "_dash"},
      {"*/ -- upgrade", "_upgrade"},
      {"\u65e5\u672c \u8a9e", "_\u65e5\u672c_\u8a9e"},
      {"the first forty characters are what is kept of it",
       "_the_first_forty_characters_are_what_is_"},
      {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
       "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_"},
  };
  int number = 100;
  for (const Named& one : names) {
    CAPTURE(one.message);
    const std::string id = std::to_string(number++);
    const std::string path =
        generated(project, project.must({"revision", "-m", one.message, "--rev-id", id}));
    CHECK(path == "migrations/" + id + one.slug + ".sql");
    CHECK(project.must({"heads"}) == id + " (head)\n");
  }
  CHECK(generated(project, project.must({"revision", "--rev-id", "bare"})) ==
        "migrations/bare_.sql");
  CHECK(project.migrate({"upgrade", "head"}).exit_code == 0);
  CHECK(project.rows() == "bare");
  CHECK(project.migrate({"downgrade", "base"}).exit_code == 0);
}

TEST_CASE("migrate revision: what would break the project is refused before a file is made") {
  const ScratchProject project("files");
  project.chain();
  project.revision("d4", "b2", "", "", "-- branch_labels: side\n");
  const std::size_t before = files_in(project, "migrations/versions");
  const auto refused = [&](Words words, int code, const std::string& error,
                           const std::string& hint = {}) {
    words.insert(words.begin(), {"revision", "-m", "x"});
    check_error(project.migrate(words), code, error, hint);
  };
  refused({"--autogenerate"}, 2,
          "there is no --autogenerate: pgseed knows the files and the database, not an "
          "application's models",
          "write the SQL: pgseed migrate revision -m ...; or let alembic revision --autogenerate");
  refused({}, 3,
          "Multiple heads are present; please specify the head revision on which the new revision "
          "should be based, or perform a merge.",
          "--head one of c3, d4; or pgseed migrate merge");
  refused({"--head", "b2"}, 3,
          "Revision b2 is not a head revision; please specify --splice to create a new branch from "
          "this revision",
          "the heads are c3, d4");
  refused({"--head", "nosuch"}, 3, "Can't locate revision identified by 'nosuch'");
  refused({"--head", "c3,c3"}, 3, "Duplicate head revisions specified");
  for (const std::string id : {"a-b", "a@b", "a+b", "a:b", "a,b", "a b", "a/b", "a'b"}) {
    refused({"--head", "c3", "--rev-id", id}, 3,
            std::string("--rev-id: the character '") + id[1] +
                "' is not allowed in the revision id '" + id + "'",
            "an id consists of letters, digits, _ and .");
  }
  refused({"--head", "c3", "--rev-id", "caf\u00e9"}, 3, "--rev-id: a character is not allowed");
  for (const std::string id : {"head", "heads", "base", "current"}) {
    refused({"--head", "c3", "--rev-id", id}, 3,
            "--rev-id: '" + id + "' is reserved and cannot be a revision id");
  }
  refused({"--head", "c3", "--rev-id", std::string(33, 'x')}, 3,
          "--rev-id: the revision id '" + std::string(33, 'x') + "' is longer than 32 characters");
  refused({"--head", "c3", "--rev-id", "a1"}, 3,
          "revision a1 exists already: migrations/versions/a1_step.sql", "choose another --rev-id");
  // Files with such names are not read.
  for (const std::string id : {".", "..", ".hidden", "R"}) {
    refused({"--head", "c3", "--rev-id", id}, 2, "a file named " + id + "_x.sql would not be read",
            "names with a dot or R_ in front are left out: choose another --rev-id");
  }
  refused({"--head", "c3", "--depends-on", "nosuch"}, 3, "Can't locate revision identified by");
  refused({"--head", "base", "--branch-label", "side"}, 3,
          "branch label 'side' is already used by revision d4", "choose another --branch-label");
  refused({"--head", "base", "--branch-label", "a1"}, 3, "branch label 'a1' is the id of a rev");
  refused({"--head", "base", "--branch-label", "a b"}, 3, "--branch-label: the character ' '");
  refused({"--head", "base", "--branch-label", "head"}, 3, "--branch-label: 'head' is reserved");
  refused({"--head", "c3", "--version-path", "elsewhere"}, 2,
          "Path elsewhere is not represented in current version locations",
          "add it to the folders: --dir, or version_locations in alembic.ini");
  check_error(project.migrate({"revision", "-m", "caf\xE9", "--head", "c3"}), 2,
              "-m: the message is not UTF-8");
  CHECK(files_in(project, "migrations/versions") == before);
  CHECK(project.migrate({"heads"}).exit_code == 0);
}

TEST_CASE("migrate revision: branches, labels, dependencies, several folders, twins") {
  const ScratchProject project("files");
  const auto make = [&](Words words) {
    words.insert(words.begin(), "revision");
    return generated(project, project.must(words));
  };
  make({"-m", "one", "--rev-id", "001"});
  make({"-m", "two", "--rev-id", "002"});
  make({"-m", "side", "--rev-id", "003", "--head", "001", "--splice", "--branch-label", "side"});
  make({"-m", "on", "--rev-id", "004", "--head", "side@head"});
  const std::string plug =
      make({"-m", "plug", "--rev-id", "005", "--head", "base", "--depends-on", "002",
            "--depends-on", "side", "--branch-label", "plug", "--branch-label", "other"});
  CHECK(contains(content(project, plug),
                 "-- down_revision:\n-- branch_labels: plug, other\n-- depends_on: 002, side\n"));
  const std::string joined =
      make({"-m", "joined", "--rev-id", "006", "--head", "002,004", "--splice"});
  CHECK(contains(content(project, joined), "-- down_revision: 002, 004\n"));
  CHECK(project.migrate({"upgrade", "heads"}).exit_code == 0);
  CHECK(project.rows() == "005,006");
  CHECK(project.migrate({"downgrade", "plug@base"}).exit_code == 0);
  CHECK(project.rows() == "006");

  // Several folders: the parent's, or the one that is named.
  const ScratchProject two("files_other");
  two.chain();
  fs::create_directories(two.folder().path() / "more");
  const auto with_both = [&](Words words) {
    words.insert(words.begin(), {"--dir", "migrations", "--dir", "more"});
    return two.migrate(words);
  };
  CHECK(generated(two, must(with_both({"revision", "-m", "x", "--rev-id", "d4"}))) ==
        "migrations/versions/d4_x.sql");
  CHECK(generated(two, must(with_both({"revision", "-m", "x", "--rev-id", "e5", "--version-path",
                                       "more"}))) == "more/e5_x.sql");
  CHECK(generated(two, must(with_both({"revision", "-m", "x", "--rev-id", "f6"}))) ==
        "more/f6_x.sql");
  check_error(with_both({"revision", "-m", "x", "--head", "base"}), 2,
              "Multiple version locations present, please specify --version-path");
  CHECK(with_both({"upgrade", "heads"}).exit_code == 0);
  CHECK(two.rows() == "f6");

  // The twin is one that Alembic can run, and pgseed goes on reading the .sql.
  const std::string out =
      two.must({"revision", "-m", "twin", "--rev-id", "c4", "--head", "d4", "--alembic-stub"});
  CHECK(contains(out, "/c4_twin.sql ...  done\nGenerating "));
  CHECK(out.ends_with("/c4_twin.py ...  done\n"));
  CHECK(two.must({"heads"}) == "c4 (head)\n");
  CHECK(contains(content(two, "migrations/versions/c4_twin.py"), "revision = 'c4'"));

  // alembic.ini names folder and file.
  const ScratchProject ini("files_other");
  ini.folder().write("alembic.ini",
                     "[alembic]\nscript_location = db\nfile_template = "
                     "%%(year)d-%%(month).2d_%%(rev)s-%%(slug)s\ntruncate_slug_length = 8\n");
  fs::create_directories(ini.folder().path() / "db/versions");
  const std::string dated =
      generated(ini, ini.must({"revision", "-m", "a long name", "--rev-id", "9"}));
  CHECK(dated.starts_with("db/versions/20"));
  CHECK(dated.ends_with("_9-a_long_.sql"));
  ini.folder().write("alembic.ini", "[alembic]\nscript_location = db\nfile_template = %%(nope)s\n");
  check_error(ini.migrate({"revision", "-m", "x"}), 2,
              "file_template = %(nope)s: unknown name 'nope' in the file template", "known are");
}

TEST_CASE("migrate merge: all heads without arguments, and nothing that is not to be merged") {
  const ScratchProject project("files");
  project.revision("a1", "", "CREATE TABLE a();", "DROP TABLE a;");
  check_error(project.migrate({"merge"}), 3, "there is nothing to merge: only a1",
              "name two revisions or more, or none when there are several heads");
  project.revision("b2", "a1");
  project.revision("c3", "a1");
  project.revision("d4", "a1");
  CHECK(project.migrate({"upgrade", "heads"}).exit_code == 0);
  CHECK(project.rows() == "b2,c3,d4");
  check_error(project.migrate({"merge", "b2"}), 3, "there is nothing to merge: only b2");
  check_error(project.migrate({"merge", "a1", "b2"}), 3,
              "of a1, b2 one comes after another: there is nothing to merge",
              "merge the newest revision of each branch");
  check_error(project.migrate({"merge", "b2", "nosuch"}), 3,
              "Can't locate revision identified by 'nosuch'");
  const std::string two = generated(
      project, project.must({"merge", "b2", "c3", "-m", "two of them", "--rev-id", "e5"}));
  CHECK(two == "migrations/versions/e5_two_of_them.sql");
  CHECK(contains(content(project, two), "-- down_revision: b2, c3\n"));
  const std::string rest = generated(project, project.must({"merge", "--rev-id", "f6"}));
  const std::string text = content(project, rest);
  const bool in_order = contains(text, "-- down_revision: d4, e5\n");
  CHECK((in_order || contains(text, "-- down_revision: e5, d4\n")));
  CHECK(
      contains(text, in_order ? "-- message: merge d4 and e5\n" : "-- message: merge e5 and d4\n"));
  CHECK(project.must({"heads"}) == "f6 (head)\n");
  const Result run = project.migrate({"upgrade", "head"});
  CHECK(contains(run.err, "Running upgrade b2, c3 -> e5, two of them\n"));
  CHECK(project.rows() == "f6");
  check_error(project.migrate({"downgrade", "-2"}), 3, "Ambiguous walk");
  check_error(project.migrate({"merge"}), 3, "there is nothing to merge: only f6");
}

TEST_CASE("migrate edit: opens the editor on a terminal, and refuses without one") {
  const ScratchProject project("files");
  project.chain();
  check_error(project.migrate({"edit", "head"}), 2, "edit needs a terminal",
              "the file is migrations/versions/c3_step.sql");
  check_error(project.migrate({"edit", "nosuch"}), 3, "Can't locate revision identified by");
  check_error(project.migrate({"edit", "base"}), 3, "'base' names no revision");
  const TerminalInput terminal("");
  const auto edit = [&](const Words& words, const Environment& environment) {
    Command command = project.command(words, environment);
    command.stdin_file = terminal.path();
    command.out = Output::terminal;
    return run(command);
  };
  const Words words = {"migrate", "edit", "b2"};
  CHECK(edit(words, {{"EDITOR", "true"}}).exit_code == 0);
  // Arguments and blanks are the shell's to take apart; VISUAL comes first.
  const Result shown =
      edit(words, {{"VISUAL", "printf '<%s>' 'an argument'"}, {"EDITOR", "false"}});
  CHECK(shown.exit_code == 0);
  CHECK(shown.out == "<an argument><migrations/versions/b2_step.sql>");
  const Result failed = edit(words, {{"EDITOR", "false"}});
  CHECK(failed.exit_code == 2);
  CHECK(contains(failed.err, "error: the editor 'false' failed\nhint: set VISUAL or EDITOR\n"));
  CHECK(edit(words, {{"EDITOR", "no-such-editor"}}).exit_code == 2);
  // It really is the file, also of what the database is at.
  project.must({"upgrade", "b2"});
  const std::string editor = "sed -i 's/step b2/edited/'";
  CHECK(edit({"migrate", "edit", "current"}, {{"EDITOR", editor}}).exit_code == 0);
  CHECK(project.must({"heads"}) == "c3 (head)\n");
  CHECK(contains(project.must({"history"}), "a1 -> b2, edited\n"));
  const Result with_json = edit({"migrate", "edit", "b2", "--json"}, {{"EDITOR", "true"}});
  CHECK(contains(with_json.out, "\"command\":\"migrate edit\",\"ok\":true"));
}

TEST_CASE("migrate lint: findings on stdout, exit codes, annotations, files of one's own") {
  const ScratchProject project("files");
  project.revision("a1", "", "CREATE TABLE a(x int);", "DROP TABLE a;");
  const Environment no_server = {{"DATABASE_URL", std::nullopt}};
  Result result = project.migrate({"lint"}, no_server);
  CHECK(result.exit_code == 0);
  CHECK(result.out.empty());
  CHECK(result.err == "no findings\n");
  project.revision("b2", "a1", "DROP TABLE a;\nALTER TABLE c ADD COLUMN y int NOT NULL;");
  result = project.migrate({"lint"}, no_server);
  CHECK(result.exit_code == 1);
  CHECK(result.err.empty());
  CHECK(result.out.starts_with("migrations/versions/b2_step.sql:7: drop-table: "));
  CHECK(contains(result.out, "\nmigrations/versions/b2_step.sql:8: not-null-without-default: "));
  CHECK(!contains(result.out, "::warning"));

  const auto lines = std::count(result.out.begin(), result.out.end(), '\n');
  for (const bool by_flag : {true, false}) {
    Environment environment = no_server;
    if (!by_flag) environment["GITHUB_ACTIONS"] = "true";
    result = project.migrate(by_flag ? Words{"lint", "--github"} : Words{"lint"}, environment);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.out,
                   "\n::warning file=migrations/versions/b2_step.sql,line=7,title=drop-table::"));
    CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 2 * lines);
  }
  project.folder().write("100%,b:c.sql",
                         "-- pgseed:migration 1\n-- revision: z\n\n-- upgrade\nDROP TABLE a;\n");
  result = project.migrate({"lint", "--github", "100%,b:c.sql"}, no_server);
  CHECK(contains(result.out, "\n::warning file=100%25%2Cb%3Ac.sql,line=5,title=drop-table::"));
  CHECK(result.out.starts_with("100%,b:c.sql:5: drop-table: "));

  const Json findings =
      check_json(project.migrate({"lint", "--json"}, no_server), "migrate lint")["findings"];
  CHECK(findings.size() == static_cast<std::size_t>(lines));
  CHECK(findings[0]["path"].text() == "migrations/versions/b2_step.sql");
  CHECK(findings[0]["line"].number() == 7);
  CHECK(findings[0]["rule"].text() == "drop-table");

  // A file alone, whether it belongs to the project or not; the others' findings do not count.
  CHECK(project.migrate({"lint", "migrations/versions/a1_step.sql"}, no_server).exit_code == 0);
  project.revision("b2", "a1",
                   "-- pgseed:allow drop-table\nDROP TABLE a;\n"
                   "-- pgseed:allow not-null-without-default missing-lock-timeout\n"
                   "ALTER TABLE c ADD COLUMN y int NOT NULL;");
  result = project.migrate({"lint"}, no_server);
  CHECK(!contains(result.out, "drop-table"));
  CHECK(!contains(result.out, "not-null-without-default"));
  const std::string rules = project.must({"lint", "--rules"}, no_server);
  for (const char* rule :
       {"drop-table", "drop-column", "rename-table", "rename-column", "change-type",
        "not-null-without-default", "add-foreign-key-without-not-valid",
        "add-check-without-not-valid", "index-without-concurrently", "concurrently-in-transaction",
        "enum-value-used-in-same-file", "volatile-default", "truncate", "missing-lock-timeout"}) {
    CAPTURE(rule);
    CHECK(contains('\n' + rules, std::string("\n") + rule + ' '));
  }
  // A broken file is no finding.
  project.file("b2_step.sql", "-- pgseed:migration 1\n-- revision: b2\n");
  check_error(project.migrate({"lint"}, no_server), 3, "migrations/versions/b2_step.sql:2: ");
}
