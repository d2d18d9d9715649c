"""Alembic's own main() for one command after another, its imports paid for once.

Each line of the FIFO (the only argument) names a folder with a file "request": working directory,
DATABASE_URL, PGPASSWORD, then the command's words, a line each. A process of its own runs the
command; it leaves "out" and "err", and in "done" the exit code.
"""
import os
import sys
import traceback

import alembic.autogenerate  # noqa: F401
import alembic.config
import psycopg2  # noqa: F401
import sqlalchemy.dialects.postgresql  # noqa: F401


def run(folder):
    with open(os.path.join(folder, "request"), encoding="utf-8") as file:
        directory, url, password, *words = file.read().splitlines()
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(directory)
    os.environ["DATABASE_URL"] = url
    if password:
        os.environ["PGPASSWORD"] = password
    try:
        alembic.config.main(argv=words, prog="alembic")
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 255)


with open(sys.argv[1], encoding="utf-8") as requests:
    for request in iter(requests.readline, ""):
        place = request.strip()
        child = os.fork()
        if child == 0:
            run(place)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with open(os.path.join(place, "done.new"), "w", encoding="utf-8") as done:
            done.write(str(ended))
        os.rename(os.path.join(place, "done.new"), os.path.join(place, "done"))
