import dataclasses

import pytest
from made_up_plan import predict

from densebench.models import cost, variants
from densebench.models.cost import Cost, LayerCost
from densebench.prediction.optimizer_cost import count_orthogonalising_macs, predict_muon

CONVOLUTION = LayerCost(name="conv1", kind="conv", output_shape=(32, 32, 8), params=3 * 3 * 3 * 8, macs=221_184)


def test_the_products_are_those_of_each_kernel_as_a_matrix_with_its_smaller_side_first():
    dense = LayerCost(name="dense1", kind="dense", output_shape=(10,), params=90, macs=80)
    found = count_orthogonalising_macs(Cost(layers=(CONVOLUTION, dense)))
    assert found == 5 * (8 * 27 * 8 + 8 * 8 * 8 + 8 * 8 * 27)


def test_a_training_by_muon_takes_its_products_longer_and_is_predicted():
    counted = cost.count(variants.find("resnet20"), classes=10, image_size=32)
    found = predict_muon(predict(1000.0, 1.0), counted, 64)
    assert 1010 < found.total_seconds < 1050
    assert found.total_interval.low < 1000 < 1080 < found.total_interval.high
    assert found.energy_joules == pytest.approx(65 * found.total_seconds)
    assert (found.measured, found.source, found.peak_bytes) == (False, None, 2**30)


def test_nothing_is_predicted_where_much_of_a_step_would_be_muons_own():
    wide = dataclasses.replace(CONVOLUTION, output_shape=(4, 4, 512), params=9 * 512 * 512, macs=9 * 512 * 512 * 16)
    assert predict_muon(predict(1000.0, 1.0), Cost(layers=(wide,)), 16) is None
    unknown = dataclasses.replace(CONVOLUTION, macs=None)
    assert predict_muon(predict(1000.0, 1.0), Cost(layers=(unknown,)), 64) is None
