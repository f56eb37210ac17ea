import contextlib
import dataclasses
import json

import pytest
from backend_facts import FACTS
from hypothesis import given
from hypothesis import strategies as st

from densebench.data.identity import DataIdentity, SplitIdentity
from densebench.records import EpochRecord
from densebench.training.checkpoints.description import Description, VariableFacts, from_json, list_changes, to_json
from densebench.training.checkpoints.file import Damaged

JAX_FACTS = dataclasses.replace(FACTS, name="jax", jit=True, deterministic=True)
DATA = DataIdentity(
    class_names=("cat", "dog"),
    mean=(0.5, 1.0, 2.0),
    deviation=(1.0, 1.0, 1.0),
    train=SplitIdentity(images=2, sha256="a"),
    validation=None,
    test=SplitIdentity(images=1, sha256="b"),
)
DESCRIPTION = Description(
    epoch=1,
    deciding_values={"seed": 0, "data.classes": None},
    facts=JAX_FACTS,
    data=DATA,
    records=(EpochRecord(epoch=1, train_loss=0.1, energy_source="counter"),),
    model_variables=1,
    variables=(VariableFacts(path="conv1/kernel", shape=(3, 3, 3, 8), dtype="<f4"),),
)


def test_a_description_survives_json():
    assert from_json(to_json(DESCRIPTION)) == DESCRIPTION


def test_a_description_from_before_data_were_kept_is_read():
    values = json.loads(to_json(DESCRIPTION))
    del values["data"]
    assert from_json(json.dumps(values)) == dataclasses.replace(DESCRIPTION, data=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epoch", "1"),
        ("epoch", True),
        ("epoch", 2),
        ("records", [{"epoch": 1, "no_column": 2}]),
        ("records", [{"train_loss": "low"}]),
        ("records", [3]),
        ("variables", [{"path": "x", "shape": ["3"], "dtype": "<f4"}]),
        ("facts", {"name": "jax"}),
        ("deciding_values", []),
        ("model_variables", None),
        ("data", {}),
        ("data", [1]),
        ("data", dataclasses.asdict(DATA) | {"mean": [1.0, 2.0]}),
    ],
)
def test_a_value_of_the_wrong_type_is_damage(name, value):
    with pytest.raises(Damaged):
        from_json(json.dumps(json.loads(to_json(DESCRIPTION)) | {name: value}))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(st.sampled_from([*json.loads(to_json(DESCRIPTION)), "other"]), anything)
def test_any_json_is_a_description_or_damage(name, value):
    with contextlib.suppress(Damaged):
        from_json(json.dumps(json.loads(to_json(DESCRIPTION)) | {name: value}))


@given(st.text())
def test_any_text_but_a_description_is_damage(text):
    with pytest.raises(Damaged):
        from_json(text)


def test_changes_name_what_was_and_what_is():
    assert list_changes({"seed": 1, "jit": True, "old": 1}, {"seed": 2, "jit": True}) == [
        "seed 1, not 2",
        "old 1, not None",
    ]
