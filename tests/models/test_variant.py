from densebench.models.own.applications import find_application
from densebench.models.variant import refuse_fast
from densebench.models.variants import find


def test_only_networks_that_are_not_densebenchs_own_are_foreign():
    assert not find("resnet20").is_foreign
    assert find_application("keras:MobileNetV2").is_foreign


def test_a_keras_model_has_one_implementation_and_that_is_said():
    error = refuse_fast(find_application("keras:MobileNetV2"))
    assert str(error).startswith("keras:MobileNetV2 is a keras.Model, which has no fast implementation")
