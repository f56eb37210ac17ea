"""Which files make up an image folder, without opening any of them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from densebench.data.folder.entries import check_within, normalise, read_status, scan
from densebench.data.folder.splits import find_split_folders
from densebench.errors import DatasetError, InputError

_SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif")


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """One image of a folder. A file that is replaced, moved or edited differs in one of the last four."""

    path: str  # relative to the folder
    label: int
    size: int  # bytes
    modified_ns: int
    changed_ns: int  # of the inode: unlike the time of modification, no program sets it back
    inode: int


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An image folder's classes and files, in the order of their names."""

    root: Path
    class_names: tuple[str, ...]  # in Unicode normal form C
    train: tuple[ImageFile, ...]
    test: tuple[ImageFile, ...]
    validation: tuple[ImageFile, ...]  # empty where the folder has none
    validation_folder: str | None
    skipped: tuple[str, ...]  # hidden files, files of other kinds, folders without an image within a class
    nested: tuple[str, ...]  # images in folders within a class


@dataclass(frozen=True, kw_only=True)
class _Part:
    class_names: tuple[str, ...]
    files: tuple[ImageFile, ...]
    skipped: tuple[str, ...]
    nested: tuple[str, ...]


def list_folder(root: Path, test_fraction: float | None) -> Listing:
    """The files of ``train/<class>/*`` and ``test/<class>/*``, or of ``<class>/*`` split by ``test_fraction``.

    Raises :class:`DatasetError` for a folder that is missing, empty, has one class, classes that differ between its
    splits, or a link that leaves it; :class:`InputError` for a fraction that is missing or has nothing to split.
    """
    if not os.path.isdir(root):
        raise DatasetError(f"There is no folder {str(root)!r}: check the path after 'folder:'.")
    root = root.resolve()
    folders = find_split_folders(root)
    if folders.train and folders.test:
        if test_fraction is not None:
            raise InputError(
                f"--test-fraction does not fit {str(root)!r}, which has its own test folder: leave it out."
            )
        return _list_given_split(root, folders.train, folders.test, folders.validation)
    if there := folders.train or folders.test:
        missing = "test" if folders.train else "train"
        rename = f", or rename {folders.validation!r} to {missing!r}" if folders.validation else ""
        raise DatasetError(f"{str(root)!r} has a folder {there!r} but none called {missing!r}: add it{rename}.")
    if test_fraction is None:
        raise InputError(
            f"{str(root)!r} has no folders 'train' and 'test': add them, or give --test-fraction to split its classes."
        )
    return _split_by_fraction(root, test_fraction)


def _list_given_split(root: Path, train_folder: str, test_folder: str, validation_folder: str | None) -> Listing:
    train, test = _list_part(root, train_folder), _list_part(root, test_folder)
    _check_same_classes(root, (train_folder, train), (test_folder, test))
    parts = [train, test]
    if validation_folder is not None:
        parts.append(_list_part(root, validation_folder))
        _check_same_classes(root, (train_folder, train), (validation_folder, parts[2]))
    return Listing(
        root=root,
        class_names=train.class_names,
        train=train.files,
        test=test.files,
        validation=parts[2].files if validation_folder is not None else (),
        validation_folder=validation_folder,
        skipped=tuple(path for part in parts for path in part.skipped),
        nested=tuple(path for part in parts for path in part.nested),
    )


def _check_same_classes(root: Path, one: tuple[str, _Part], other: tuple[str, _Part]) -> None:
    names, others = set(one[1].class_names), set(other[1].class_names)
    if names != others:
        odd = sorted(names ^ others)[0]
        has, lacks = (one[0], other[0]) if odd in names else (other[0], one[0])
        raise DatasetError(
            f"Class {odd!r} of {str(root)!r} is in {has!r} but not in {lacks!r}: give both the same classes."
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
        test |= set(sorted(files, key=_hash_name)[:count])
    return Listing(
        root=root,
        class_names=part.class_names,
        train=tuple(file for file in part.files if file.path not in test),
        test=tuple(file for file in part.files if file.path in test),
        validation=(),
        validation_folder=None,
        skipped=part.skipped,
        nested=part.nested,
    )


def _hash_name(path: str) -> bytes:
    """The same on systems that store names in another normal form."""
    return sha256(os.fsencode(normalise(path))).digest()


def _list_part(root: Path, part: str) -> _Part:
    check_within(root, root / part)
    folders: dict[str, str] = {}  # by the name of the class
    skipped: list[str] = []
    for entry in scan(root / part):
        if entry.name.startswith(".") or not S_ISDIR(read_status(root, entry).st_mode):
            skipped.append(os.path.normpath(f"{part}/{entry.name}"))
        else:
            _check_new_class(root / part, folders, entry.name)
            folders[normalise(entry.name)] = entry.name
    _check_two_classes(root / part, list(folders))
    files: list[ImageFile] = []
    nested: list[str] = []
    for label, folder in enumerate(folders.values()):
        of_class = _list_class(root, Path(part, folder), label)
        files += of_class.files
        skipped += of_class.skipped
        nested += of_class.nested
    return _Part(class_names=tuple(folders), files=tuple(files), skipped=tuple(skipped), nested=tuple(nested))


def _check_new_class(folder: Path, known: dict[str, str], name: str) -> None:
    other = known.get(normalise(name))
    if other is not None:
        raise DatasetError(
            f"{str(folder)!r} has two classes of one name in different Unicode forms, {other!a} and "
            f"{name!a}: rename one, or merge them."
        )


def _check_two_classes(folder: Path, names: Sequence[str]) -> None:
    if len(names) < 2:
        found = "only the class " + repr(names[0]) if names else "no class"
        raise DatasetError(f"{str(folder)!r} has {found}: give each of at least two classes a folder there.")


def _list_class(root: Path, folder: Path, label: int) -> _Part:
    if not folder.name.isprintable():
        raise DatasetError(f"The class folder {str(root / folder)!r} has a name that cannot be printed: rename it.")
    files: list[ImageFile] = []
    skipped: list[str] = []
    nested: list[str] = []
    for entry in scan(root / folder):
        path = f"{folder}/{entry.name}"
        hidden, named_as_image = entry.name.startswith("."), _is_named_as_image(entry.name)
        if not hidden and not entry.is_symlink() and entry.is_dir():
            within = _list_images_within(root, path)
            nested += within
            skipped += [] if within else [path]
        elif hidden or not named_as_image or not S_ISREG((status := read_status(root, entry)).st_mode):
            skipped.append(path)
        else:
            files.append(_describe_file(path, label, status))
    if not files:
        within_folders = f" directly in it, but {len(nested)} in its folders" if nested else ""
        raise DatasetError(
            f"Class folder {str(root / folder)!r} has no image file{within_folders}: "
            f"{'move them into it' if nested else 'add some'} or remove it."
        )
    return _Part(class_names=(), files=tuple(files), skipped=tuple(skipped), nested=tuple(nested))


def _describe_file(path: str, label: int, status: os.stat_result) -> ImageFile:
    return ImageFile(
        path=path,
        label=label,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
        inode=status.st_ino,
    )


def _list_images_within(root: Path, folder: str) -> list[str]:
    """The files named as images anywhere below a folder; links are not followed."""
    return [
        os.path.relpath(os.path.join(place, name), root)
        for place, _, names in os.walk(root / folder)
        for name in sorted(names, key=normalise)
        if not name.startswith(".") and _is_named_as_image(name)
    ]


def _is_named_as_image(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)
