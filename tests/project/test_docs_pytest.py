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


def test_the_tests_of_the_page_pass(tmp_path):
    languages = [language for language, _ in BLOCKS]
    assert languages == ["python", "ini", "python", "sh", *["python"] * 4]
    receiver, settings, tests, command, *more_tests = (text for _, text in BLOCKS)
    assert command == "ENV=dev pytest\n"
    (tmp_path / "extensions").mkdir()
    (tmp_path / "extensions/__init__.py").touch()
    (tmp_path / "extensions/reviews.py").write_text(receiver)
    (tmp_path / "pytest.ini").write_text(settings)
    (tmp_path / "test_reviews.py").write_text("".join([tests, *more_tests]))
    ended = subprocess.run(
        [Path(sys.executable).with_name("pytest"), "-p", "no:cacheprovider", "-p", "no:xdist"],
        env=environment(ENV="dev", **database()),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "6 passed" in ended.stdout


def database():
    """Use the kind of database that this suite runs on, but another one."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return {}
    url = urlsplit(os.environ["DATABASE_URL"])
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return {"DATABASE_URL": urlunsplit(url._replace(path=f"{url.path}_of_docs{worker}"))}
