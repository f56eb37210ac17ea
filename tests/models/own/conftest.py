"""Files with networks of a user's."""

from textwrap import dedent

import pytest


@pytest.fixture
def write(tmp_path):
    """Writes a file of that name and source; returns how one of its functions is named on the command line."""

    def write(source, function="net", name="mynets.py"):
        path = tmp_path / name
        path.write_text(dedent(source))
        return f"{path}:{function}"

    return write
