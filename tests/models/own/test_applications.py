import subprocess
import sys

import pytest

from densebench.errors import InputError
from densebench.models.own.applications import find_application


def test_a_name_means_the_network_of_keras_in_any_case_of_letters():
    variant = find_application("keras:mobilenetv2")
    assert (variant.name, variant.source, variant.sha256) == ("keras:MobileNetV2", "keras.applications", None)


def test_an_unknown_name_gets_the_nearest_without_importing_keras():
    code = (
        "import sys\nfrom densebench.errors import InputError\n"
        "from densebench.models.own.applications import find_application\n"
        "try: find_application('keras:MobileNetV9')\n"
        "except InputError as error: print(error, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "did you mean MobileNetV" in done.stdout
    assert done.stdout.strip().endswith("False")


def test_images_that_are_too_small_are_said_in_the_words_of_keras():
    with pytest.raises(InputError, match=r"keras:VGG16 .* 16x16 pixels \(Input size must be at least 32x32.*--image-s"):
        find_application("keras:VGG16").make(10, 16)


def test_the_network_has_logits_random_weights_and_no_layers_that_prepare_images():
    model = find_application("keras:MobileNetV3Small").make(10, 32)
    assert model.output_shape == (None, 10)
    assert model.layers[-1].name != "softmax"
    assert "Rescaling" not in {type(layer).__name__ for layer in model.layers}
