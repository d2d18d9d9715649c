#include <array>
#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/alembic_file.hpp"
#include "pgseed/migrate/revision_file.hpp"

namespace pgseed::migrate {
namespace {

// What every twin does. It finds the sections by itself, so that an edited .sql file needs no new
// twin, and runs them as pgseed does: statement by statement, COPY with its rows, settings of the
// section undone behind it (Alembic goes on in the same transaction). Facts met: op.execute() takes
// :name for a parameter and % for a format, the driver's cursor without parameters takes neither.
constexpr std::string_view kRunner = R"py(
_TOKEN = re.compile(
    r"""\s+|--[^\n]*|/\*|\\[^\n]*
    |[eE]'[^'\\]*(?:(?:\\.|''|'\s*\n\s*')[^'\\]*)*'|'[^']*'|"[^"]*"
    |\$((?:(?!\d)\w+)?)\$.*?\$\1\$|(?!\d)\w[\w$]*|\d\w*|.""",
    re.S | re.X,
)
_MARKER = re.compile(r"-- (?:up|down)grade(?:[ \t]+(?:irreversible|\S*[:=]\S*))*\s*")
_COPY = re.compile(r"COPY\b.*\bFROM\s+STDIN\b", re.I | re.S)
_ROUTINE = re.compile(r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.I)
_TRANSACTION = re.compile(
    r"(BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK|ABORT)\b(?!.*\bTO\b)", re.I | re.S
)
_SETTING = re.compile(
    r"SET\s+(?:SESSION\s+|LOCAL\s+)?(ROLE\b|TIME\s+ZONE\b|[\w.]+(?=\s*=|\s+TO\b))"
    r"|SELECT\s+(?:pg_catalog\s*\.\s*)?set_config\s*\(\s*'([\w.]+)'",
    re.I,
)


def _pieces(text):
    """Yields section markers and statements: begin, end, text, the rows of a COPY or None."""
    at, begin, end, depth, blocks = 0, None, 0, 0, 0
    while at < len(text):
        start, found = at, _TOKEN.match(text, at)
        token, at = found.group(), found.end()
        word = token.upper()
        if token == "/*":
            nested = 1
            while nested:
                mark = re.compile(r"/\*|\*/").search(text, at)
                if mark is None:
                    raise CommandError("a comment /* is never closed in %s" % _NAME)
                nested, at = nested + (1 if mark.group() == "/*" else -1), mark.end()
        elif token.startswith("--"):
            if text[start - 1 : start] in ("", "\n") and _MARKER.fullmatch(token):
                if begin is not None:
                    yield begin, end, text[begin:end], None
                yield start, at, token, None
                begin, depth, blocks = None, 0, 0
        elif token.isspace() or (begin is None and token.startswith("\\")):
            pass
        elif token == ";" and depth == 0 and blocks == 0:
            if begin is not None:
                sql, rows = text[begin:end], None
                if _COPY.match(sql):
                    first = text.find("\n", at) + 1
                    last = re.compile(r"^\\\.$", re.M).search(text, first or at)
                    if last is None:
                        raise CommandError("the rows of a COPY have no end in %s" % _NAME)
                    rows, at = text[first : last.start()], last.end()
                yield begin, end, sql, rows
            begin = None
        else:
            if begin is None:
                begin = start
            end = at
            if token == "(":
                depth += 1
            elif token == ")":
                depth = max(0, depth - 1)
            elif depth == 0 and word == "BEGIN" and _ROUTINE.match(text, begin):
                blocks += 1
            elif depth == 0 and blocks and word in ("CASE", "END"):
                blocks += 1 if word == "CASE" else -1
    if begin is not None:
        yield begin, end, text[begin:end], None


def _section(wanted):
    """The options of a section, and its statements."""
    text = _text()
    options, pieces, inside, first, last = None, [], False, 0, len(text)
    for begin, end, sql, rows in _pieces(text):
        if sql.startswith("--"):
            if inside:
                last = begin
            inside = sql.split()[1] == wanted
            if inside:
                options, first = sql.split()[2:], end
        elif inside:
            pieces.append((sql, rows))
    if options is None or "irreversible" in options:
        raise CommandError("revision %s has no %s in %s" % (revision, wanted, _NAME))
    body = text[first:last]
    if re.search(r"^\s*-- pgseed:vars on\b", body, re.M):
        raise CommandError("%s has variables; run it with pgseed" % _NAME)
    if re.search(r"^\s*-- pgseed:noparse\b", body, re.M):
        pieces = [(body.strip(), None)]
    return options, pieces


def _execute(pieces):
    names = []
    for sql, _ in pieces:
        found = _SETTING.match(sql)
        if found:
            name = (found.group(1) or found.group(2)).lower()
            names.append("timezone" if name.startswith("time") else name)
    context = op.get_context()
    if context.as_sql:
        for sql, rows in pieces:
            context.impl.static_output(sql + ";" + ("" if rows is None else "\n%s\\." % rows))
        for name in dict.fromkeys(names):
            context.impl.static_output("RESET %s;" % name)
        return
    cursor = op.get_bind().connection.cursor()
    before = {}
    for name in names:
        cursor.execute("SELECT current_setting('%s', true)" % name)
        before[name] = (cursor.fetchone()[0] or "").replace("'", "''")
    for sql, rows in pieces:
        if rows is None:
            cursor.execute(sql)
        elif hasattr(cursor, "copy_expert"):
            cursor.copy_expert(sql, io.StringIO(rows))
        else:
            with cursor.copy(sql) as copy:
                copy.write(rows)
    for name, value in before.items():
        cursor.execute("SELECT set_config('%s', '%s', false)" % (name, value))
    cursor.close()


def _run(wanted):
    options, pieces = _section(wanted)
    settings = []
    for option in options:
        name, _, value = option.partition(":")
        if name in ("lock_timeout", "statement_timeout"):
            settings.append(("SET %s = '%s'" % (name, value), None))
    if "transaction:false" in options:
        with op.get_context().autocommit_block():
            _execute(settings + pieces)
        return
    # The transaction is Alembic's.
    if pieces and re.fullmatch(r"BEGIN|START\s+TRANSACTION", pieces[0][0], re.I):
        pieces = pieces[1:]
    if pieces and re.fullmatch(r"COMMIT|END", pieces[-1][0], re.I):
        pieces = pieces[:-1]
    for sql, _ in pieces:
        if _TRANSACTION.match(sql):
            raise CommandError("%s: %s in a transaction" % (_NAME, sql))
    _execute(settings + pieces)


def upgrade() -> None:
    _run("upgrade")


def downgrade() -> None:
    _run("downgrade")
)py";

// A Python string literal; UTF-8 stays as it is.
std::string python_string(std::string_view value) {
  std::string out = "'";
  for (const char byte : value) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '\'' || byte == '\\') {
      out += {'\\', byte};
    } else if (byte == '\n') {
      out += "\\n\\\n";  // a new line of the source, too
    } else if (code < 0x20 || code == 0x7F) {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      out += {'\\', 'x', kDigits[code >> 4], kDigits[code & 15]};
    } else {
      out += byte;
    }
  }
  return out + '\'';
}

std::string python_tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const std::string& item : items) {
    out += (out.size() > 1 ? " " : "") + python_string(item) + ',';
  }
  if (items.size() > 1) out.pop_back();
  return out + ')';
}

// As Alembic writes ids: None, one string, or a tuple.
std::string python_ids(const std::vector<std::string>& ids) {
  if (ids.empty()) return "None";
  return ids.size() == 1 ? python_string(ids.front()) : python_tuple(ids);
}

std::string docstring(std::string_view description) {
  std::string out = "\"\"\"";
  for (std::size_t at = 0; at < description.size(); ++at) {
    const bool ends_it = description.substr(at).starts_with("\"\"\"");
    if (description[at] == '\\' || ends_it) out += '\\';
    out += description[at];
  }
  return out + "\n\n\"\"\"\n";
}

}  // namespace

std::string render_alembic_twin(const Revision& revision, const std::string& sql_name) {
  std::string out = text(
      "# pgseed:twin 1: Alembic runs an SQL file through this one; what it does is written there\n",
      docstring(revision.description.empty() ? alembic_description(revision)
                                             : revision.description));
  out += "import io\nimport re\nfrom pathlib import Path\n\nfrom alembic import op\n";
  out += "from alembic.util import CommandError\n\n# revision identifiers, used by Alembic.\n";
  out += text("revision = ", python_string(revision.id),
              "\ndown_revision = ", python_ids(revision.down_revisions), "\nbranch_labels = ",
              revision.branch_labels.empty() ? "None" : python_tuple(revision.branch_labels),
              "\ndepends_on = ", python_ids(revision.depends_on), "\n\n");
  out += text("_NAME = ", python_string(sql_name), "\n\n\ndef _text():\n");
  if (revision.format == FileFormat::pgseed) {
    out += "    return (Path(__file__).parent / _NAME).read_text(encoding=\"utf-8-sig\")\n";
  } else {  // other tools' markers are not known in there, so the text is
    out +=
        text("    return _TEXT\n\n\n_TEXT = ", python_string(render_revision_file(revision)), '\n');
  }
  return out += kRunner;
}

}  // namespace pgseed::migrate
