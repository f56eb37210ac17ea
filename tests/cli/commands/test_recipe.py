import json
import tomllib

from densebench.cli.app import run


def test_a_recipe_is_printed_as_a_file(capfd):
    assert run(["recipe", "short"]) == 0
    assert tomllib.loads(capfd.readouterr().out)["optimizer"] == "muon"


def test_without_a_name_all_are_shown_side_by_side(capfd):
    assert run(["recipe", "--format", "json"]) == 0
    rows = {row["setting"]: row for row in json.loads(capfd.readouterr().out)["recipes"]}
    assert (rows["epochs"]["blog"], rows["epochs"]["short"]) == (300, 30)


def test_those_of_packages_are_named_below(install, capfd):
    install({"recipes": {"quick": "fancynets:quick"}})
    assert run(["recipe"]) == 0
    assert "The recipe 'quick' is of the package fancynets 1.2." in capfd.readouterr().err


def test_an_unknown_one_is_answered_with_a_near_one(capsys):
    assert run(["recipe", "shrt"]) == 2
    assert "did you mean short" in capsys.readouterr().err
