"""Answers with Alembic's own classes, on graphs without files and rows without a database.

Reads lines of tab separated fields and writes one line for each that asks something:
  graph                                    a new graph follows
  rev ID PARENTS LABELS NEEDS MESSAGE      a revision; lists are separated by commas
  up ROWS TARGET                           ok ROWS-AFTER STEPS, or error TYPE MESSAGE
  down ROWS TARGET
  stamp ROWS TARGETS
  purge TARGETS                            the same with --purge
  history ROWS BASE HEAD                   ok and a field for each line
  heads                                    ok and a field for each line
  branches                                 ok and a field for each branch point
  current ROWS                             ok and a field for each line, sorted
  show TARGET                              ok and a field for each block
Newlines inside a field are written as \\n.
"""
import sys
import types
import warnings

from alembic import util
from alembic.runtime.migration import HeadMaintainer
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap


class Ignored:
    """The database connection: anything may be called, nothing happens, no rows are counted."""

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **named):
        return self


def names(field):
    return tuple(name for name in field.split(",") if name)


def nothing():
    pass


def revision(fields):
    identifier, parents, labels, needs, message = fields
    module = types.ModuleType(identifier)
    module.__doc__ = message.replace("\\n", "\n")
    module.down_revision = names(parents) or None
    module.branch_labels = names(labels) or None
    module.depends_on = names(needs) or None
    module.upgrade = module.downgrade = nothing
    return Script(module, identifier, identifier + ".py")


def directory(scripts):
    made = ScriptDirectory.__new__(ScriptDirectory)
    made.revision_map = RevisionMap(lambda: iter(scripts))
    order = list(made.revision_map._revision_map)

    # Sets are printed as Python happens to keep them; here children come in the order of the files
    # and labels by name.
    def comma(value):
        if isinstance(value, frozenset):
            value = sorted(value, key=order.index)
        elif isinstance(value, set):
            value = sorted(value)
        return value if isinstance(value, str) else ", ".join(value or ())

    util.format_as_comma = comma
    made.order = order
    return made


def run(rows, steps):
    keeper = HeadMaintainer(Ignored(), rows)
    for step in steps:
        keeper.update_to_step(step)
    done = [step.revision.revision for step in steps if hasattr(step, "revision")]
    return [",".join(sorted(keeper.heads)), ",".join(done)]


def show_branch(scripts, point):
    lines = [point.cmd_format(False, include_branches=True)]
    for child in sorted(point.nextrev, key=scripts.order.index):
        line = scripts.get_revision(child).cmd_format(False, include_branches=True)
        lines.append("%s -> %s" % (" " * len(point.revision), line))
    return "\n".join(lines)


def history(scripts, rows, base, head):
    # As alembic.command.history does it.
    if head == "current":
        head = rows
    elif base == "current":
        base = rows
    lines = []
    for script in scripts.walk_revisions(base=base or "base", head=head or "heads"):
        script._db_current_indicator = script.revision in rows
        lines.append(
            script.cmd_format(
                False, include_branches=True, include_doc=True, include_parents=True
            )
        )
        script._db_current_indicator = None
    return lines


def answer(scripts, what, fields):
    if what == "up":
        rows = names(fields[0])
        return run(rows, scripts._upgrade_revs(fields[1], rows))
    if what == "down":
        rows = names(fields[0])
        return run(rows, scripts._downgrade_revs(fields[1], rows))
    if what == "stamp":
        rows = names(fields[0])
        return run(rows, scripts._stamp_revs(names(fields[1]), rows))
    if what == "purge":
        return run((), scripts._stamp_revs(names(fields[0]), ()))
    if what == "history":
        return history(scripts, names(fields[0]), fields[1], fields[2])
    if what == "heads":
        return [
            script.cmd_format(False, include_branches=True, tree_indicators=False)
            for script in scripts.get_revisions(scripts.get_heads())
        ]
    if what == "branches":
        points = [script for script in scripts.walk_revisions() if script.is_branch_point]
        return [show_branch(scripts, point) for point in points]
    if what == "current":
        return sorted(
            script.cmd_format(False) for script in scripts.get_all_current(names(fields[0]))
        )
    if what == "show":
        return [script.log_entry for script in scripts.get_revisions(fields[0])]
    raise ValueError(what)


def main():
    warnings.simplefilter("ignore")
    collected, scripts, failure = [], None, None
    for line in sys.stdin:
        what, *fields = line.rstrip("\n").split("\t")
        if what == "graph":
            collected, scripts, failure = [], None, None
            continue
        try:
            if what == "rev":
                collected.append(revision(fields))
                continue
            if failure:
                raise failure
            scripts = scripts or directory(collected)
            out = ["ok"] + answer(scripts, what, fields)
        except Exception as error:
            if what == "rev":
                failure = error
                continue
            kind = "command" if isinstance(error, util.CommandError) else type(error).__name__
            out = ["error", kind, str(error)]
        print("\t".join(field.replace("\n", "\\n") for field in out))


main()
