"""The file with which a user begins a network of their own: ``densebench init mynet.py``."""

import keyword
import re
from pathlib import Path

from densebench import files
from densebench.errors import InputError

_TEMPLATE = '''"""A network of your own.

    densebench summary FILE:NAME --layers
    densebench train FILE:NAME --dataset digits --epochs 5
    densebench speed FILE:NAME resnet20

Everything that the network needs is in this one file: its hash is kept with every run, and a run is not resumed with
another file. docs/networks.md lists the words of nn.
"""


def NAME(nn, image, *, classes):
    """A small DenseNet: every layer reads all that the layers before it in its block have made.

    The function is called with different nn: one counts, one builds Keras layers, one computes fast. So image and x
    are not arrays; only the words of nn can be used on them. Depend on nothing but the arguments.
    """
    x = nn.conv(image, 16, 3)  # 16 filters of 3x3 pixels
    for block in range(3):
        if block > 0:  # between blocks: half the channels, then half the height and width
            x = nn.conv(nn.bn_relu(x), nn.channels(x) // 2, 1)
            x = nn.average_pool(x, 2)
        for _ in range(4):
            y = nn.conv(nn.bn_relu(x), 32, 1)  # a bottleneck: fewer channels for the 3x3 filters to read
            y = nn.conv(nn.bn_relu(y), 8, 3)  # 8 new channels, the growth rate
            x = nn.concat(x, y)
    x = nn.global_average_pool(nn.bn_relu(x))  # one number a channel
    return nn.dense(x, classes)  # logits, without softmax
'''


def write_template(path: Path) -> str:
    """Write the network into a new file; returns its name, ``mynet.py:mynet``.

    Raises :class:`InputError` for a file that exists or cannot be written.
    """
    if path.suffix != ".py":
        raise InputError(f"{path} is no name of a Python file: give one that ends in .py, such as mynet.py.")
    letters = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_").lower()
    name = letters if re.match(r"[a-z]", letters) and not keyword.iskeyword(letters) else f"net_{letters}".rstrip("_")
    text = _TEMPLATE.replace("NAME", name).replace("FILE", path.name)
    try:
        with files.create(path) as file:
            file.write(text.encode())
    except FileExistsError:
        raise InputError(f"{path} exists and is kept: give the name of a new file.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}): choose another folder.") from None
    return f"{path}:{name}"
