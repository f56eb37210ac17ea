from synthetic_runs import make_run

from densebench.comparison.compare import compare
from densebench.comparison.options import CompareOptions
from densebench.reporting.figures.fronts import fronts


def test_rows_of_other_hardware_form_a_front_of_their_own():
    runs = [
        make_run(variant, epochs=2, device=device)
        for device in ("NVIDIA H100", "NVIDIA L4")
        for variant in ("100x12", "resnet_32")
    ]
    comparison = compare(runs, CompareOptions())
    found = fronts(comparison.rows, "epoch_seconds")
    assert len(found) == 2
    for front in found:
        assert len({comparison.rows[place].runs[0].environment.device for place in front}) == 1
