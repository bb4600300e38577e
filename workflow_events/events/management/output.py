"""What commands that show something have in common."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any

from django.core.management.base import BaseCommand


class ShowingCommand(BaseCommand):
    """Prints what there is: changes nothing, needs no database, stops when nobody reads on."""

    requires_system_checks = ()
    coloured = False

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run it; whoever reads, as ``head``, may have seen enough before the end."""
        self.coloured = bool(options.get("force_color"))
        if isinstance(sys.stdout, TextIOWrapper):
            # An output that is not Unicode gets ? for what it lacks, as for the lines of trees.
            sys.stdout.reconfigure(errors="replace")
        try:
            output = super().execute(*args, **options)
            self.stdout.flush()
        except BrokenPipeError:
            # Nothing must be flushed at the end any more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        return output

    def show(self, lines: Iterable[str]) -> None:
        """Print these lines."""
        for line in lines:
            self.stdout.write(line)

    def show_json(self, document: Any) -> None:
        """Print JSON as programs and people can read it."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        is_unicode = encoding.lower().startswith("utf")
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=not is_unicode))

    def paint(self, name: str) -> str:
        """Return a name as it stands out on a terminal; elsewhere as it is, unless it is forced."""
        coloured = self.coloured or self.stdout.isatty()
        return self.style.MIGRATE_HEADING(name) if coloured else name
