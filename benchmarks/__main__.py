"""Run the benchmarks that are named, or all, and print the figures beside their limits.

``python -m benchmarks [dispatch] [http]``; the exit status is 1 when a limit was missed.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable

from benchmarks.report import Report


def set_up(database_url: str) -> None:
    """Set Django up as the service's, without receivers, on this database, and migrate it."""
    os.environ.setdefault("ENV", "dev")
    os.environ["DATABASE_URL"] = database_url
    os.environ["EVENT_RECEIVER_MODULES"] = ""
    os.environ["DJANGO_SETTINGS_MODULE"] = "workflow_events.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    print(f"\nPython {platform.python_version()}, Django {django.get_version()}", end=", ")


def run_dispatch(report: Report) -> None:
    """Measure emissions, on a database in memory."""
    set_up(os.environ.get("BENCHMARK_DATABASE_URL", "sqlite:///:memory:"))
    from benchmarks import dispatch
    from benchmarks.timing import ROUNDS

    print(f"best of {ROUNDS} rounds")
    dispatch.run(report)


def run_http(report: Report) -> None:
    """Measure the server, on a new database of PostgreSQL (TEST_DATABASE_URL says where)."""
    from benchmarks.databases import NotReached, new_database

    try:
        with new_database("http") as url:
            set_up(url)
            from benchmarks import http

            http.run(report)
    except NotReached as error:
        print(f"\nCompletions over HTTP were not measured: {error}")


BENCHMARKS: dict[str, Callable[[Report], None]] = {"dispatch": run_dispatch, "http": run_http}


def main(arguments: list[str]) -> int:
    """Return 1 when a limit was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    names = parser.parse_args(arguments).names or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if len(names) > 1:
        # Each in a process of its own, as Django is set up once in each.
        command = [sys.executable, "-m", "benchmarks"]
        return max([subprocess.run([*command, name], check=False).returncode for name in names])
    report = Report()
    BENCHMARKS[names[0]](report)
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
