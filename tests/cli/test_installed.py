"""Whose fault a missing module is: that of an incomplete installation is told with its remedy."""

import pytest

from workflow_events.cli.installed import lacks_the_service

pytestmark = pytest.mark.any_database


def failure(code: str, file: str) -> ModuleNotFoundError:
    with pytest.raises(ModuleNotFoundError) as failed:
        exec(compile(code, file, "exec"), {})
    return failed.value


def test_a_package_that_our_own_modules_import_belongs_to_the_service():
    from workflow_events.cli import installed

    assert lacks_the_service(failure("import absent", installed.__file__))
    assert lacks_the_service(failure("import absent.part", installed.__file__))


def test_other_modules_are_not_blamed_on_the_installation():
    from workflow_events.cli import installed

    assert not lacks_the_service(failure("import absent", "extensions/hello.py"))
    assert not lacks_the_service(failure("import workflow_events.absent", installed.__file__))
