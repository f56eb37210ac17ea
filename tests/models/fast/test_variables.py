from densebench.models.cost import count
from densebench.models.fast.variables import DeclaringLayers, Variables
from densebench.models.initial_weights import draw_initial_value
from densebench.models.variants import find


def test_a_network_declares_the_variables_of_every_layer_that_has_some_in_order_of_call():
    declared = DeclaringLayers()
    find("16x3").build(declared, 3, 10)
    counted = [layer.name for layer in count(find("16x3"), classes=10, image_size=8).layers if layer.params]
    assert [name for name, _ in declared.layers] == counted
    assert dict(declared.layers)["conv1"] == {"kernel": (3, 3, 3, 6)}
    assert list(dict(declared.layers)["bn1"]) == ["gamma", "beta", "moving_mean", "moving_variance"]


def test_a_bias_is_declared_behind_its_kernel():
    declared = DeclaringLayers()
    declared.conv(3, 8, 5, bias=True)
    assert declared.layers == [("conv1", {"kernel": (5, 5, 3, 8), "bias": (8,)})]


def test_variables_have_the_initial_values_of_their_paths_and_only_moving_ones_are_not_trained():
    layer = Variables("bn4", {"gamma": (3,), "moving_mean": (3,)}, seed=5)
    assert [variable.path for variable in layer.variables] == ["bn4/gamma", "bn4/moving_mean"]
    assert [variable.trainable for variable in layer.variables] == [True, False]
    for variable in layer.variables:
        assert (variable.numpy() == draw_initial_value(variable.path, (3,), 5)).all()
