from densebench.models.layers import LayerNames


def test_layers_are_numbered_by_kind_in_the_order_of_call():
    names = LayerNames()
    assert [names.next(kind) for kind in ("conv", "bn", "conv", "dense", "bn")] == [
        "conv1",
        "bn1",
        "conv2",
        "dense1",
        "bn2",
    ]


def test_each_network_begins_to_count_by_itself():
    LayerNames().next("conv")
    assert LayerNames().next("conv") == "conv1"
