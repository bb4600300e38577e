"""Run the benchmarks on a database in memory, and print the figures beside their limits."""

import os
import platform
import sys

os.environ.setdefault("ENV", "dev")
os.environ["DATABASE_URL"] = os.environ.get("BENCHMARK_DATABASE_URL", "sqlite:///:memory:")
os.environ["EVENT_RECEIVER_MODULES"] = ""
os.environ["DJANGO_SETTINGS_MODULE"] = "workflow_events.settings"


def main() -> int:
    """Return 1 when a limit was missed."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks import dispatch
    from benchmarks.report import Report
    from benchmarks.timing import ROUNDS

    versions = f"Python {platform.python_version()}, Django {django.get_version()}"
    print(f"{versions}, best of {ROUNDS} rounds")
    call_command("migrate", verbosity=0)
    report = Report()
    dispatch.run(report)
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
