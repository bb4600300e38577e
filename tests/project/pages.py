"""The blocks of the pages that users read."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, its line, and what stands before it."""

    language: str
    text: str
    line: int
    before: str


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page, from top to bottom."""
    text = page.read_text(encoding="utf-8")
    found, end = [], 0
    for match in FENCED.finditer(text):
        line = text[: match.start(3)].count("\n")
        found.append(Block(match[2], match[3], line, text[end : match.start()].rstrip()))
        end = match.end()
    return found
