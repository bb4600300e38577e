"""Pages that are written by hand, but for sections that follow from the code."""

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow_events.events.catalogue import markdown

REFERENCE = Path(__file__).parent / "reference"


def with_sections(page: str, sections: Mapping[str, str]) -> str:
    """Return the text of a page, with each section between its two comments written anew.

    Raises `ValueError` when the page has not exactly one place for each section.
    """
    text = (REFERENCE / page).read_text(encoding="utf-8")
    places = re.findall(r"^<!-- generated: ([\w-]+) -->$", text, re.MULTILINE)
    if sorted(places) != sorted(sections):
        raise ValueError(f"{page} has places for {places}, but there are {list(sections)}.")
    for name, section in sections.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        before, rest = text.split(f"{begin}\n")
        after = rest.split(f"{end}\n", 1)[1]
        text = f"{before}{begin}\n\n{section.strip()}\n\n{end}\n{after}"
    return text


def prose(documented: Any) -> str:
    """Return a docstring as Markdown, in paragraphs of one line, for a page of the reference."""
    text = inspect.getdoc(documented)
    if not text:
        raise ValueError(f"{documented} has no docstring.")
    return re.sub(r"\(docs/([\w/-]+\.md)\)", r"([more](../\1))", markdown.prose(text))
