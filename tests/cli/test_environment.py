import json

from densebench.cli import run


def test_the_environment_is_told_in_every_format_with_what_is_missing(in_tmp, capfd):
    assert run(["env", "--format", "json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["kind"] == "environment"
    assert run(["env"]) == 0
    assert "Python" in capfd.readouterr().out
