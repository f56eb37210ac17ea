import pytest

from densebench.errors import InputError
from densebench.reporting.figures.confusion import plot_confusion


def test_a_confusion_matrix_shows_the_counts_and_the_share_that_is_right(tmp_path):
    target = plot_confusion([[8, 2], [1, 9]], ["cat", "dog$"], tmp_path / "confusion.svg")
    assert "85.00 % of 20 images right" in target.read_text()
    with pytest.raises(InputError, match="end its name in"):
        plot_confusion([[1]], ["cat"], tmp_path / "confusion.gif")
