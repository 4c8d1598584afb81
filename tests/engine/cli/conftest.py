"""The command line in this process."""

import pytest

from critasser import cli


@pytest.fixture
def run(capsys):
    """Runs a command; gives its exit status, stdout and stderr."""

    def command(*arguments) -> tuple[int, str, str]:
        try:
            status = cli.main([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err

    return command
