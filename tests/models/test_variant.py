import pytest

from densebench.errors import InputError
from densebench.models.variant import Variant, check_request

TINY = Variant(name="tiny", family="resnet", depth=1, build=lambda nn, image, classes: image, source="a test")


@pytest.mark.parametrize(("classes", "image_size"), [(2, 8), (1000, 224)])
def test_a_request_within_the_limits_passes(classes, image_size):
    check_request(TINY, classes=classes, image_size=image_size)


def test_images_that_a_network_would_halve_to_nothing_are_refused_with_the_smallest_size():
    with pytest.raises(InputError, match="7x7 pixels are too small for tiny: give --image-size 8 or more"):
        check_request(TINY, classes=10, image_size=7)


def test_a_single_class_is_refused():
    with pytest.raises(InputError, match="--classes 2 or more"):
        check_request(TINY, classes=1, image_size=32)
