"""Run the benchmarks that are named, or all, and print the figures beside their limits.

``python -m benchmarks [dispatch] [records] [explain] [http] [profile] [million] [delivery]``; the
exit status is 1 when a limit was missed.
"""

import argparse
import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from benchmarks.report import Report


def set_up(
    database_url: str, variables: Mapping[str, str] = MappingProxyType({}), *, quiet: bool = False
) -> None:
    """Set Django up as the service's, without receivers, on this database, and migrate it."""
    os.environ.update(variables)
    os.environ.setdefault("ENV", "dev")
    os.environ["DATABASE_URL"] = database_url
    os.environ["EVENT_RECEIVER_MODULES"] = variables.get("EVENT_RECEIVER_MODULES", "")
    os.environ["DJANGO_SETTINGS_MODULE"] = "workflow_events.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    if not quiet:
        print(f"\nPython {platform.python_version()}, Django {django.get_version()}", end=", ")


def run_dispatch(report: Report) -> None:
    """Measure emissions, on a database in memory."""
    set_up(os.environ.get("BENCHMARK_DATABASE_URL", "sqlite:///:memory:"))
    from benchmarks import dispatch
    from benchmarks.timing import ROUNDS

    print(f"best of {ROUNDS} rounds")
    dispatch.run(report)


def run_records(report: Report) -> None:
    """Measure emissions and saves beside receivers of records that are not concerned."""
    set_up(os.environ.get("BENCHMARK_DATABASE_URL", "sqlite:///:memory:"))
    from benchmarks import records
    from benchmarks.timing import BATCHES, TURNS

    print(f"best of {BATCHES} batches in each of {TURNS} turns")
    records.run(report)


def run_explain(report: Report) -> None:
    """Measure what a trace adds to a mutation, on the database that BENCHMARK_DATABASE_URL names.

    Without it, on SQLite in memory, then in a process of its own on PostgreSQL, if one answers.
    """
    from benchmarks.databases import NotReached, new_database

    url = os.environ.get("BENCHMARK_DATABASE_URL")
    set_up(url or "sqlite:///:memory:")
    from benchmarks import explain

    print(f"best of {explain.ROUNDS} rounds")
    explain.run(report)
    if url is not None:
        return
    try:
        with new_database("explain") as url:
            environment = {**os.environ, "BENCHMARK_DATABASE_URL": url}
            command = [sys.executable, "-m", "benchmarks", "explain"]
            report.missed += subprocess.run(command, env=environment, check=False).returncode
    except NotReached as error:
        print(f"\nTraces were not measured on PostgreSQL: {error}")


def run_http(report: Report) -> None:
    """Measure completions by the server beside a bare view."""
    _on_postgresql(report, "http")


def run_profile(report: Report) -> None:
    """Show where the time of a completion goes."""
    _on_postgresql(report, "http_profile")


def run_million(report: Report) -> None:
    """Measure lists and completions with a million work items, beside ten thousand."""
    from benchmarks import million
    from benchmarks.databases import NotReached

    try:
        million.run(report)
    except NotReached as error:
        print(f"\nLists with a million work items were not measured: {error}")


def run_delivery(report: Report) -> None:
    """Measure receivers in the background."""
    from benchmarks import delivery

    delivery.run(report)


def _on_postgresql(report: Report, module: str) -> None:
    from benchmarks.databases import NotReached, new_database
    from benchmarks.http_servers import PRODUCTION

    try:
        with new_database(module) as url:
            set_up(url, PRODUCTION)
            importlib.import_module(f"benchmarks.{module}").run(report)
    except NotReached as error:
        print(f"\nCompletions were not measured: {error}")


BENCHMARKS: dict[str, Callable[[Report], None]] = {
    "dispatch": run_dispatch,
    "records": run_records,
    "explain": run_explain,
    "http": run_http,
    "profile": run_profile,
    "million": run_million,
    "delivery": run_delivery,
}


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
