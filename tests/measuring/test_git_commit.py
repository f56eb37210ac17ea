import os
import shutil
import subprocess

import pytest

from densebench.measuring import git_commit

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", folder, *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


@pytest.fixture
def package(tmp_path):
    """A checkout with the package in it, committed."""
    package = tmp_path / "checkout" / "densebench"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package.parent / "notes.txt").write_text("")
    git(package.parent, "init", "--quiet")
    git(package.parent, "add", ".")
    git(package.parent, "commit", "--quiet", "--message", "first")
    return package


@needs_git
def test_a_clean_checkout_is_named_by_its_commit(package) -> None:
    assert git_commit.find_commit(package) == git(package, "rev-parse", "HEAD")[:12]


@needs_git
@pytest.mark.parametrize("name", ["__init__.py", "new.py"])
def test_a_changed_or_a_new_file_of_the_package_is_marked(package, name) -> None:
    (package / name).write_text("changed = True")
    assert git_commit.find_commit(package) == git(package, "rev-parse", "HEAD")[:12] + "+"


@needs_git
def test_files_beside_the_package_do_not_mark_it(package) -> None:
    (package.parent / "notes.txt").write_text("changed")
    (package.parent / "results.csv").write_text("new")
    assert not git_commit.find_commit(package).endswith("+")


@needs_git
def test_gits_own_variables_do_not_lead_to_another_repository(package, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git_commit.find_commit(package) == git(package, "rev-parse", "HEAD")[:12]


@needs_git
def test_a_repository_around_a_virtual_environment_is_not_densebenchs(package, monkeypatch) -> None:
    installed = package / "venv" / "site-packages" / "densebench"
    installed.mkdir(parents=True)
    monkeypatch.setattr(git_commit, "_find_installed_commit", lambda: None)
    assert git_commit.find_commit(installed) is None


@needs_git
def test_a_checkout_without_a_commit_has_none(tmp_path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "densebench").mkdir()
    assert git_commit.find_commit(tmp_path / "densebench") is None


def test_without_git_the_commit_is_unknown(tmp_path, monkeypatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "densebench").mkdir()
    monkeypatch.setenv("PATH", "")
    assert git_commit.find_commit(tmp_path / "densebench") is None


@pytest.mark.parametrize(
    ("origin", "commit"),
    [
        (
            '{"url": "https://example.org/d", "vcs_info": {"vcs": "git", "commit_id": "0123456789abcdef"}}',
            "0123456789ab",
        ),
        ('{"url": "file:///src", "dir_info": {"editable": true}}', None),
        ("not json", None),
        (None, None),
    ],
)
def test_an_installation_from_git_keeps_its_commit(tmp_path, monkeypatch, origin, commit) -> None:
    class Distribution:
        def read_text(self, name: str) -> str | None:
            return origin if name == "direct_url.json" else None

    monkeypatch.setattr(git_commit.metadata, "distribution", lambda name: Distribution())
    assert git_commit.find_commit(tmp_path / "densebench") == commit
