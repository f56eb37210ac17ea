"""Recipes from files: what they say, what is refused, and that what is printed is what is read."""

import dataclasses

import pytest

from densebench.errors import InputError
from densebench.planning.recipe_file import find_recipe, write_recipe
from densebench.recipes import RECIPES

BAD = """
from dataclasses import replace
from densebench.recipes import RECIPES
quick = replace(RECIPES["blog"], name="other", epochs=2)
bad = replace(quick, epochs=0)
def little(): ...
"""


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_that_was_printed_is_read_back_under_the_name_of_its_file(tmp_path, name):
    path = tmp_path / "mine.toml"
    path.write_text(write_recipe(RECIPES[name]))
    assert find_recipe(str(path)) == dataclasses.replace(RECIPES[name], name="mine")


def test_what_a_file_leaves_out_is_as_in_blog(tmp_path):
    path = tmp_path / "warm.toml"
    path.write_text("learning_rate = 1\n")
    found = find_recipe(str(path))
    assert found == dataclasses.replace(RECIPES["blog"], name="warm", learning_rate=1.0)
    assert isinstance(found.learning_rate, float)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epochs = 0", "epochs = 0, which must be at least 1"),
        ("epochs = 1.5", "epochs = 1.5, which must be a whole number"),
        ("epochs = true", "epochs = true, which must be a whole number"),
        ("nesterov = 1", "nesterov = 1, which must be true or false"),
        ("flip = false\nalternate_flips = true", "alternate_flips = true, which must be false where flip is"),
        ('schedule = "step"', 'schedule = "step", which must be steps, cosine or linear'),
        ("schedule = 2020-01-01", 'schedule = "2020-01-01", which must be a text'),
        ("momentum = 1.0", "momentum = 1.0, which must be below 1"),
        ("learning_rate = 0", "learning_rate = 0.0, which must be above 0"),
        ("weight_decay = nan", "weight_decay = NaN, which must be below 1000000"),
        ("cutoff = 3", "Unknown setting 'cutoff': did you mean cutout"),
        ("name = 'blog'", "Unknown setting 'name'"),
        ("epochs 3", r"is not TOML \(.*line 1"),
    ],
)
def test_what_a_file_has_wrong_is_named(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"Recipe .*mine.toml.*{says}"):
        find_recipe(str(path))


def test_a_file_of_bytes_that_are_no_text_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not TOML"):
        find_recipe(str(path))


def test_a_file_may_not_take_the_name_of_another_recipe(tmp_path):
    (tmp_path / "blog.toml").write_text("epochs = 3\n")
    with pytest.raises(InputError, match="has the name of a recipe of densebench: rename the file"):
        find_recipe(str(tmp_path / "blog.toml"))


def test_a_name_or_file_that_is_not_there_is_said(tmp_path):
    (tmp_path / "mine.txt").write_text("epochs = 2")
    with pytest.raises(InputError, match=r"mine\.txt is a file whose name does not end in \.toml: rename it"):
        find_recipe(str(tmp_path / "mine.txt"))
    with pytest.raises(InputError, match="Unknown recipe 'shrt': did you mean short"):
        find_recipe("shrt")
    with pytest.raises(InputError, match=r"none\.toml cannot be read \(No such file"):
        find_recipe(str(tmp_path / "none.toml"))


def test_a_recipe_of_a_package_is_found_by_its_name_and_must_be_one(install):
    install({"recipes": {"quick": "fancynets:quick", "wrong": "fancynets:little", "bad": "fancynets:bad"}}, code=BAD)
    assert (find_recipe("quick").name, find_recipe("quick").epochs) == ("quick", 2)
    with pytest.raises(InputError, match=r"recipe 'wrong' of the package fancynets 1\.2 is not a .*Recipe"):
        find_recipe("wrong")
    with pytest.raises(InputError, match=r"recipe 'bad' of the package fancynets 1\.2 has epochs = 0, which must be"):
        find_recipe("bad")
    with pytest.raises(InputError, match="did you mean quick"):
        find_recipe("quik")
