"""Which files make up an image folder, without opening any of them."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from densebench.data.folder.entries import check_within, read_status, scan
from densebench.errors import DatasetError, InputError

_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """One image of a folder."""

    path: str  # relative to the folder
    label: int
    size: int  # bytes
    modified_ns: int


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An image folder's classes and files, in the order of their names."""

    root: Path
    class_names: tuple[str, ...]
    train: tuple[ImageFile, ...]
    test: tuple[ImageFile, ...]
    skipped: int  # hidden files, files of other kinds, folders within a class


@dataclass(frozen=True, kw_only=True)
class _Part:
    class_names: tuple[str, ...]
    files: tuple[ImageFile, ...]
    skipped: int


def list_folder(root: Path, test_fraction: float | None) -> Listing:
    """The files of ``train/<class>/*`` and ``test/<class>/*``, or of ``<class>/*`` split by ``test_fraction``.

    Raises :class:`DatasetError` for a folder that is missing, empty, has one class, classes that differ between train
    and test, or a link that leaves it; :class:`InputError` for a fraction that is missing or has nothing to split.
    """
    if not os.path.isdir(root):
        raise DatasetError(f"There is no folder {str(root)!r}: check the path after 'folder:'.")
    root = root.resolve()
    has_train, has_test = os.path.isdir(root / "train"), os.path.isdir(root / "test")
    if has_train and has_test:
        if test_fraction is not None:
            raise InputError(
                f"--test-fraction does not fit {str(root)!r}, which has its own test folder: leave it out."
            )
        return _list_given_split(root)
    if has_train or has_test:
        there, missing = ("train", "test") if has_train else ("test", "train")
        raise DatasetError(f"{str(root)!r} has a folder {there!r} but none called {missing!r}: add it.")
    if test_fraction is None:
        raise InputError(
            f"{str(root)!r} has no folders 'train' and 'test': add them, or give --test-fraction to split its classes."
        )
    return _split_by_fraction(root, test_fraction)


def _list_given_split(root: Path) -> Listing:
    train, test = _list_part(root, "train"), _list_part(root, "test")
    if train.class_names != test.class_names:
        odd = sorted(set(train.class_names) ^ set(test.class_names))[0]
        has, lacks = ("train", "test") if odd in train.class_names else ("test", "train")
        raise DatasetError(
            f"Class {odd!r} of {str(root)!r} is in {has!r} but not in {lacks!r}: give both the same classes."
        )
    return Listing(
        root=root,
        class_names=train.class_names,
        train=train.files,
        test=test.files,
        skipped=train.skipped + test.skipped,
    )


def _split_by_fraction(root: Path, test_fraction: float) -> Listing:
    """Test images are drawn by the hash of their names, so that a new image moves no other across the split."""
    part = _list_part(root, ".")
    test: set[str] = set()
    for label, name in enumerate(part.class_names):
        files = [file.path for file in part.files if file.label == label]
        count = round(test_fraction * len(files))
        if not 0 < count < len(files):
            raise InputError(
                f"--test-fraction {test_fraction} of the {len(files)} images of class {name!r} leaves none "
                f"for {'test' if count == 0 else 'train'}: choose another."
            )
        test |= set(sorted(files, key=lambda path: sha256(os.fsencode(path)).digest())[:count])
    return Listing(
        root=root,
        class_names=part.class_names,
        train=tuple(file for file in part.files if file.path not in test),
        test=tuple(file for file in part.files if file.path in test),
        skipped=part.skipped,
    )


def _list_part(root: Path, part: str) -> _Part:
    check_within(root, root / part)
    names, skipped = [], 0
    for entry in scan(root / part):
        if entry.name.startswith(".") or not S_ISDIR(read_status(root, entry).st_mode):
            skipped += 1
        else:
            names.append(entry.name)
    if len(names) < 2:
        found = "only the class " + repr(names[0]) if names else "no class"
        raise DatasetError(f"{str(root / part)!r} has {found}: give each of at least two classes a folder there.")
    files: list[ImageFile] = []
    for label, name in enumerate(names):
        of_class, others = _list_class(root, Path(part, name), label)
        files += of_class
        skipped += others
    return _Part(class_names=tuple(names), files=tuple(files), skipped=skipped)


def _list_class(root: Path, folder: Path, label: int) -> tuple[list[ImageFile], int]:
    if not folder.name.isprintable():
        raise DatasetError(f"The class folder {str(root / folder)!r} has a name that cannot be printed: rename it.")
    files, skipped = [], 0
    for entry in scan(root / folder):
        if entry.name.startswith(".") or not entry.name.lower().endswith(_SUFFIXES):
            skipped += 1
            continue
        status = read_status(root, entry)
        if S_ISREG(status.st_mode):
            path = f"{folder}/{entry.name}"
            files.append(ImageFile(path=path, label=label, size=status.st_size, modified_ns=status.st_mtime_ns))
        else:
            skipped += 1
    if not files:
        raise DatasetError(f"Class folder {str(root / folder)!r} has no PNG or JPEG file: add some or remove it.")
    return files, skipped
