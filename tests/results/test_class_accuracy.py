import json

from densebench.records import COLUMNS
from densebench.results.cells import LONGEST_TEXT, decode, encode
from densebench.results.class_accuracy import format_class_accuracy

ACCURACIES = [(7 * index % 1000) / 999 for index in range(1000)]


def name_classes(length):
    return [f"n{10_000_000 + 37 * index:08d}".ljust(length, "_") for index in range(1000)]


def test_a_thousand_classes_of_imagenet_fit_into_a_cell_as_whole_json():
    cell = format_class_accuracy(name_classes(9), ACCURACIES)
    column = COLUMNS["class_accuracy"]
    (read,) = decode(column, [encode(column, cell)[1:-1].replace('""', '"')])
    assert json.loads(read) == {name: round(value, 6) for name, value in zip(name_classes(9), ACCURACIES, strict=True)}


def test_what_a_cell_cannot_hold_is_left_out_and_not_cut():
    cells = [format_class_accuracy(name_classes(length), ACCURACIES) for length in range(9, 40)]
    assert cells[-1] is None
    whole = [cell for cell in cells if cell is not None]
    assert all(len(cell) <= LONGEST_TEXT and len(json.loads(cell)) == 1000 for cell in whole)


def test_a_class_without_images_has_no_accuracy_and_names_keep_their_letters():
    assert format_class_accuracy(["chat", "élan", '"'], [1 / 3, None, 1.0]) == (
        '{"chat": 0.333333, "élan": null, "\\"": 1.0}'
    )
