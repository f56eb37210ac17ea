import inspect

import pytest

from densebench.measuring.gpu.card_lookup import NoCardError, find_card
from densebench.measuring.gpu.cuda_device import CudaDevice


def no_cuda() -> None:
    """A machine whose CUDA driver does not say."""


@pytest.fixture
def two(make_card, make_nvml):
    first = make_card(uuid="GPU-aaaa1111-0000-0000-0000-000000000000", pci_bus_id="0000:01:00.0")
    second = make_card(uuid="GPU-bbbb2222-0000-0000-0000-000000000000", pci_bus_id="0000:65:00.0")
    return make_nvml(first, second)


def found(nvml, environ=None, cuda=None, index=0):
    return find_card(index, lambda: nvml, lambda index: cuda, environ or {}).handle


def reason(nvml, environ) -> str:
    with pytest.raises(NoCardError) as raised:
        found(nvml, environ)
    assert nvml.opened == 0
    return str(raised.value)


def test_cudas_first_device_is_found_by_uuid_whatever_the_numbers_say(two) -> None:
    device = CudaDevice(uuid="bbbb2222-0000-0000-0000-000000000000", pci_bus_id="0000:65:00.0")
    assert found(two, {"CUDA_VISIBLE_DEVICES": "0"}, device) is two.cards[1]


def test_cudas_first_device_is_found_by_its_bus_where_nvml_does_not_know_the_uuid(two) -> None:
    device = CudaDevice(uuid="00000000-0000-0000-0000-000000000000", pci_bus_id="0000:65:00.0")
    assert found(two, cuda=device) is two.cards[1]


def test_cudas_mig_instance_is_found_by_its_own_uuid(nvml, card, make_card) -> None:
    instance = make_card(uuid="MIG-cccc3333-0000-0000-0000-000000000000", parent=card)
    nvml.instances = [instance]
    device = CudaDevice(uuid="cccc3333-0000-0000-0000-000000000000", pci_bus_id=card.pci_bus_id)
    assert found(nvml, cuda=device) is instance


def test_a_device_that_nvml_does_not_know_is_a_reason(nvml) -> None:
    device = CudaDevice(uuid="0", pci_bus_id="0000:99:00.0")
    with pytest.raises(NoCardError, match="does not find the card: Not Found"):
        found(nvml, cuda=device)
    assert nvml.opened == 0


def test_without_cudas_word_a_single_card_is_the_one(nvml, card) -> None:
    assert found(nvml) is card
    assert found(nvml, {"CUDA_VISIBLE_DEVICES": "0"}) is card


def test_an_index_is_nvmls_where_cuda_is_told_to_number_by_bus(two) -> None:
    environ = {"CUDA_VISIBLE_DEVICES": "1,0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert found(two, environ) is two.cards[1]


@pytest.mark.parametrize("environ", [{}, {"CUDA_VISIBLE_DEVICES": "1"}])
def test_among_several_cards_an_index_alone_says_nothing(two, environ) -> None:
    assert "several GPUs" in reason(two, environ)


@pytest.mark.parametrize("visible", ["GPU-bbbb2222-0000-0000-0000-000000000000", "GPU-bbbb", "GPU-b,GPU-a"])
def test_a_uuid_or_its_beginning_names_the_card(two, visible) -> None:
    assert found(two, {"CUDA_VISIBLE_DEVICES": visible}) is two.cards[1]


def test_a_mig_uuid_names_the_instance(nvml, card, make_card) -> None:
    instance = make_card(uuid="MIG-cccc3333", parent=card)
    nvml.instances = [instance]
    assert found(nvml, {"CUDA_VISIBLE_DEVICES": "MIG-cccc3333"}) is instance


@pytest.mark.parametrize("visible", ["", "-1", "7", "GPU-", "GPU-ffff", "MIG-none", "none"])
def test_what_cuda_would_not_see_is_no_card(two, visible) -> None:
    assert reason(two, {"CUDA_VISIBLE_DEVICES": visible, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"})


def test_a_missing_library_is_a_reason() -> None:
    def load():
        raise ImportError

    with pytest.raises(NoCardError, match="nvidia-ml-py is not installed"):
        find_card(0, load, no_cuda, {})


def test_a_missing_driver_is_a_reason(nvml) -> None:
    nvml.dead = "Driver Not Loaded"
    assert reason(nvml, {}) == "no NVIDIA driver: Driver Not Loaded"


def test_the_fake_has_no_function_or_argument_that_the_real_library_lacks(nvml) -> None:
    pynvml = pytest.importorskip("pynvml")
    for name in (name for name in dir(nvml) if name.startswith(("nvml", "NVML"))):
        real = getattr(pynvml, name)
        if inspect.isfunction(real) and not hasattr(real, "__wrapped__"):
            assert len(inspect.signature(real).parameters) == len(inspect.signature(getattr(nvml, name)).parameters)


def test_each_of_several_devices_has_its_card(two) -> None:
    second = {"CUDA_VISIBLE_DEVICES": "1,0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    cards = [found(two, second, index=index) for index in range(2)]
    assert cards == [two.nvmlDeviceGetHandleByIndex(1), two.nvmlDeviceGetHandleByIndex(0)]
    with pytest.raises(NoCardError):
        found(two, second, index=2)
