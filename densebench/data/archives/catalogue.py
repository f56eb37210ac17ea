"""MNIST, Fashion-MNIST and SVHN as they are published: files, checksums, classes and where to get them.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
Xiao, Rasul and Vollgraf, "Fashion-MNIST", arXiv:1708.07747; https://github.com/zalandoresearch/fashion-mnist.
Netzer et al., "Reading digits in natural images with unsupervised feature learning", 2011;
http://ufldl.stanford.edu/housenumbers.

Sizes and SHA-256 of the published files are those of TensorFlow Datasets. Several projects agree on the SHA-256 of
MNIST's unpacked files; for those of Fashion-MNIST none was found.
"""

from dataclasses import dataclass
from typing import Literal

_DIGITS = tuple(str(digit) for digit in range(10))


@dataclass(frozen=True, kw_only=True)
class File:
    """One published file. ``unpacked`` is its name without compression, ``None`` where it has none."""

    name: str
    size: int  # bytes
    sha256: str
    unpacked: str | None = None
    unpacked_sha256: str | None = None  # None where none is published


@dataclass(frozen=True, kw_only=True)
class Part:
    """The files of train or test: in IDX the images and the labels, in MATLAB's format one file with both."""

    images: int
    files: tuple[File, ...]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A dataset of the catalogue."""

    name: str
    title: str
    form: Literal["idx", "matlab"]
    image_size: int  # pixels, as published
    class_names: tuple[str, ...]
    flip_allowed: bool  # whether a mirrored image is still one of its class
    train: Part
    test: Part
    addresses: tuple[str, ...]  # each followed by the name of a file

    @property
    def files(self) -> tuple[File, ...]:
        """Those of train, then those of test."""
        return (*self.train.files, *self.test.files)


def _describe_idx(name: str, size: int, sha256: str, unpacked_sha256: str | None = None) -> File:
    return File(name=f"{name}.gz", size=size, sha256=sha256, unpacked=name, unpacked_sha256=unpacked_sha256)


_MNIST = Published(
    name="mnist",
    title="MNIST",
    form="idx",
    image_size=28,
    class_names=_DIGITS,
    flip_allowed=False,
    train=Part(
        images=60_000,
        files=(
            _describe_idx(
                "train-images-idx3-ubyte",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            _describe_idx(
                "train-labels-idx1-ubyte",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
        ),
    ),
    test=Part(
        images=10_000,
        files=(
            _describe_idx(
                "t10k-images-idx3-ubyte",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            _describe_idx(
                "t10k-labels-idx1-ubyte",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ),
    ),
    # The mirrors of PyTorch and of the CVDF, from which torchvision and TensorFlow Datasets download.
    addresses=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)

_FASHION_MNIST = Published(
    name="fashion_mnist",
    title="Fashion-MNIST",
    form="idx",
    image_size=28,
    class_names=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    flip_allowed=True,
    train=Part(
        images=60_000,
        files=(
            _describe_idx(
                "train-images-idx3-ubyte",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            _describe_idx(
                "train-labels-idx1-ubyte",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
        ),
    ),
    test=Part(
        images=10_000,
        files=(
            _describe_idx(
                "t10k-images-idx3-ubyte",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            _describe_idx(
                "t10k-labels-idx1-ubyte",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    ),
    # The authors' own bucket and repository, and the mirror of Keras.
    addresses=(
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
)  # fmt: skip

_SVHN = Published(
    name="svhn",
    title="SVHN",
    form="matlab",
    image_size=32,
    class_names=_DIGITS,
    flip_allowed=False,
    train=Part(
        images=73_257,
        files=(
            File(
                name="train_32x32.mat",
                size=182_040_794,
                sha256="435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
            ),
        ),
    ),
    test=Part(
        images=26_032,
        files=(
            File(
                name="test_32x32.mat",
                size=64_275_384,
                sha256="cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
            ),
        ),
    ),
    # The official address, and a mirror at the University of California.
    addresses=(
        "https://ufldl.stanford.edu/housenumbers/",
        "https://cseweb.ucsd.edu/~weijian/static/datasets/svhn/",
    ),
)

PUBLISHED = {dataset.name: dataset for dataset in (_MNIST, _FASHION_MNIST, _SVHN)}
