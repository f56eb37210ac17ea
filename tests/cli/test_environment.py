import json

from densebench.cli.app import run


def test_the_environment_is_printed_as_json_and_as_tables(in_tmp, capfd):
    assert run(["env", "--format", "json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert shown["kind"] == "environment"
    assert run(["env"]) == 0
    assert "Python" in capfd.readouterr().out
