"""Does what pages do with curl, where a machine has none: ``[-s] URL -H HEADER -d DATA``."""

import argparse
import shutil
import sys
import urllib.error
import urllib.request

# What to begin a shell with.
CURL = "" if shutil.which("curl") else f'curl() {{ "{sys.executable}" "{__file__}" "$@"; }}\n'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", dest="header")
    parser.add_argument("-d", dest="data")
    given = parser.parse_args()
    name, _, value = given.header.partition(": ")
    request = urllib.request.Request(given.url, given.data.encode(), {name: value})
    try:
        with urllib.request.urlopen(request) as response:
            answer = response.read()
    except urllib.error.HTTPError as error:
        answer = error.read()
    sys.stdout.write(answer.decode())


if __name__ == "__main__":
    main()
