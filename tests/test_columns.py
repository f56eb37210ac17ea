from dataclasses import dataclass
from typing import Annotated, Literal

from densebench.columns import About, Column, Log, list_columns

ABOUT = About("Size", "count", "How large.")


@dataclass
class Owner:
    word: Annotated[Literal["a", "b"], ABOUT] = "a"
    size: Annotated[int | None, ABOUT] = None
    share: Annotated[float | None, ABOUT, Log("share")] = None
    unlisted: int = 0


def test_an_annotation_says_the_type_and_what_a_column_is():
    assert list_columns(Owner, "epoch") == [
        Column("word", str, "epoch", ABOUT),
        Column("size", int, "epoch", ABOUT),
        Column("share", float, "epoch", ABOUT, Log("share")),
    ]
