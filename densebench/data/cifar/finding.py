"""Where an edition of CIFAR lies, in which of its forms; without a data directory it is downloaded."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from densebench.data.cifar.archive import Place, download_archive, look_in
from densebench.data.cifar.editions import Edition
from densebench.data.cifar.forms import kaggle, keras_npz, parquet
from densebench.data.cifar.forms.copies import Copy
from densebench.data.fetching.folders import describe_directory, find_directory, list_folders
from densebench.data.images import OnProgress
from densebench.errors import DatasetError, join_names


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form other than the official archives: how it is found in a folder, and how what was found is read."""

    title: str
    has_test: bool
    holds: Callable[[Edition], bool] = lambda edition: True  # whether an edition comes in it
    find: Callable[[Edition, Path], Path | None]
    read: Callable[[Edition, Path, OnProgress], Copy]


@dataclass(frozen=True, kw_only=True)
class OtherPlace:
    """Where a form other than the official archives was found."""

    form: Form
    path: Path


_FORMS = (
    Form(title="Keras's arrays", has_test=True, find=keras_npz.find, read=keras_npz.read),
    Form(title="Hugging Face's parquet files", has_test=True, find=parquet.find, read=parquet.read),
    Form(title="Kaggle's images", has_test=False, holds=kaggle.holds, find=kaggle.find, read=kaggle.read),
)


def _look_for_form(form: Form, edition: Edition, folder: Path) -> OtherPlace | None:
    path = form.find(edition, folder)
    return None if path is None else OtherPlace(form=form, path=path)


# In the order in which they are tried.
_LOOKS: tuple[Callable[[Edition, Path], Place | OtherPlace | None], ...] = (
    look_in,
    *(partial(_look_for_form, form) for form in _FORMS),
)


def find_edition(
    edition: Edition, *, data_dir: str | None, offline: bool, on_progress: OnProgress
) -> Place | OtherPlace:
    """The edition in ``data_dir``; without one in the cache, where it is downloaded to unless ``offline``.

    Raises :class:`DatasetError` if it is not there.
    """
    place = look_for(edition, data_dir)
    if place is not None:
        return place
    directory = find_directory(data_dir)
    if data_dir is not None:
        forms = join_names([form.title for form in _FORMS if form.holds(edition)], "or")
        raise DatasetError(
            f"No {edition.title} {describe_directory(directory)}: name a folder with {edition.binary.file} or "
            f"{edition.python.file}, with what either unpacks to, or with {forms} of it. Images of your own are "
            "--dataset folder:PATH."
        )
    if offline:
        raise DatasetError(
            f"{edition.title} is not in {str(directory)!r} and --offline forbids its download: put "
            f"{edition.binary.file} there, or name its folder with --data-dir."
        )
    return download_archive(edition, directory, on_progress)


def look_for(edition: Edition, data_dir: str | None) -> Place | OtherPlace | None:
    """The edition in ``data_dir``, else in a folder in it, or in the cache; checksums are not compared.

    Of several forms the first in the order of ``_LOOKS`` is taken, and of several folders with that form the first in
    the order of :func:`list_folders`. The cache has official archives alone.
    """
    directory = find_directory(data_dir)
    if data_dir is None:
        return look_in(edition, directory)
    itself, *within = list_folders(directory, edition.name)
    for folders in ([itself], within):
        for look in _LOOKS:
            for folder in folders:
                place = look(edition, folder)
                if place is not None:
                    return place
    return None
