"""The page about testing receivers: its files are written, and its command is run."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.project.processes import ROOT, environment

PAGE = (ROOT / "docs/how-to/test-a-receiver.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OF_THE_MESSAGE = """

def test_the_message_of_the_page(case, events):
    complete_work_item(case.work_items.get(), CLERK)
    with pytest.raises(AssertionError) as failed:
        events.assert_emitted(post_complete_work_item, sender="SkipWorkItem", context="urgent")
    assert str(failed.value) == {message!r}
"""


def test_the_tests_of_the_page_pass(tmp_path):
    python = [text for language, text in BLOCKS if language == "python"]
    [settings] = [text for language, text in BLOCKS if language == "ini"]
    [command] = [text for language, text in BLOCKS if language == "sh"]
    message, snapshot = (text for language, text in BLOCKS if language == "text")
    assert len(BLOCKS) == len(python) + 4
    assert command == "ENV=dev pytest\n"
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions/__init__.py").touch()
    (tmp_path / "extensions/reviews.py").write_text(python[0])
    (tmp_path / "pytest.ini").write_text(settings)
    tests = [*python[1:], OF_THE_MESSAGE.format(message=message.rstrip("\n"))]
    (tmp_path / "test_reviews.py").write_text("\n".join(tests))
    run = [Path(sys.executable).with_name("pytest"), "--snapshot-update"]
    ended = subprocess.run(
        [*run, "-p", "no:cacheprovider", "-p", "no:xdist"],
        env=environment(ENV="dev", **database()),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "16 passed" in ended.stdout
    written = (tmp_path / "__snapshots__/test_reviews.ambr").read_text(encoding="utf-8")
    assert written.split("\n", 1)[1] == snapshot


def database():
    """Use the kind of database that this suite runs on, but another one."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return {}
    url = urlsplit(os.environ["DATABASE_URL"])
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return {"DATABASE_URL": urlunsplit(url._replace(path=f"{url.path}_of_docs{worker}"))}
