"""Which files a run reads, and which of them it judges."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flaskglobals_lint.config import Config, UsageError
from flaskglobals_lint.context import Imported, imports, is_test, related
from flaskglobals_lint.discover import Stdin, discover
from flaskglobals_lint.patterns import Patterns, anchored


def make(root: Path, *files: str, **texts: str) -> None:
    """Create empty files by name; keyword arguments name a file with ``__`` for ``/`` and give its text."""
    contents = dict.fromkeys(files, "") | texts
    for name, text in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def targets(root: Path, *paths: str, cwd: Path | None = None, **options: object) -> list[str]:
    found = discover(paths, Config(**options), cwd or root)  # type: ignore[arg-type]
    return [file.display for file in found.targets]


def context(root: Path, *paths: str, **options: object) -> list[str]:
    found = discover(paths, Config(**options), root)  # type: ignore[arg-type]
    return [file.display for file in found.files if not file.target]


# --- the walk ---------------------------------------------------------------------------------------------------------


def test_python_files_below_a_folder_sorted(project: Path) -> None:
    make(project, "b.py", "a/z.py", "a/w.pyw", "a/stub.pyi", "notes.txt", "a/script")
    assert targets(project, ".") == ["a/w.pyw", "a/z.py", "b.py"]


def test_the_working_directory_is_the_default(project: Path) -> None:
    make(project, "a.py")
    assert targets(project) == ["a.py"]


def test_an_empty_project_has_no_files(project: Path) -> None:
    assert discover(["."], Config(), project).files == ()


@pytest.mark.parametrize("folder", [".venv", "venv", "node_modules", "__pycache__", "build", "x/site-packages", ".git"])
def test_default_excludes(project: Path, folder: str) -> None:
    make(project, "a.py", f"{folder}/b.py")
    assert targets(project, ".") == ["a.py"]


def test_a_virtual_environment_of_any_name_is_passed_over(project: Path) -> None:
    make(project, "a.py", "env311/pyvenv.cfg", "env311/lib/b.py")
    assert targets(project, ".") == ["a.py"]


def test_an_application_in_a_virtual_environment_is_read(project: Path) -> None:
    make(project, "server/pyvenv.cfg", "server/app.py", "server/Lib/site-packages/b.py", "server/models/c.py")
    assert targets(project, ".") == ["server/app.py", "server/models/c.py"]


def test_a_folder_named_like_a_module_is_a_folder(project: Path) -> None:
    make(project, "x.py/inner.py")
    assert targets(project, ".") == ["x.py/inner.py"]


def test_overlapping_and_repeated_paths_are_read_once(project: Path) -> None:
    make(project, "a/b.py", "a/c.py")
    assert targets(project, "a", "a/b.py", ".", "a") == ["a/b.py", "a/c.py"]


def test_a_file_given_by_name_needs_no_suffix(project: Path) -> None:
    make(project, "script")
    assert targets(project, "script") == ["script"]


def test_display_is_relative_to_the_working_directory(project: Path) -> None:
    make(project, "a/b.py", "c/d.py")
    found = discover(["../a"], Config(), project / "c")
    assert [(file.display, file.relative) for file in found.targets] == [("../a/b.py", "a/b.py")]


def test_links_to_folders_are_not_followed_and_linked_files_are_read_once(project: Path) -> None:
    make(project, "a/real.py")
    (project / "a" / "loop").symlink_to(project, target_is_directory=True)
    (project / "a" / "alias.py").symlink_to(project / "a" / "real.py")
    (project / "dangling.py").symlink_to(project / "nowhere.py")
    assert targets(project, ".") == ["a/real.py"]


def test_a_fifo_is_not_opened(project: Path) -> None:
    make(project, "a.py")
    os.mkfifo(project / "pipe.py")
    assert targets(project, ".") == ["a.py"]
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        discover(["pipe.py"], Config(), project)


def test_an_unreadable_folder_is_passed_over(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(project, "a.py", "locked/b.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert targets(project, ".") == ["a.py"]


def test_a_name_that_is_no_text_does_no_harm(project: Path) -> None:
    try:
        (project / os.fsdecode(b"caf\xe9.py")).touch()
    except OSError:
        pytest.skip("the file system takes text only")
    assert targets(project, ".") == [os.fsdecode(b"caf\xe9.py")]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("vews.py", "`vews.py` does not exist; did you mean `views.py`?"),
        ("pkg/helprs.py", "`pkg/helprs.py` does not exist; did you mean `pkg/helpers.py`?"),
        ("zzz", "`zzz` does not exist"),
        ("no/where.py", "`no/where.py` does not exist"),
        ("views.py/x", "`views.py/x` does not exist"),
        ("a\0b", "`a\0b` does not exist"),
        ("", "`` is neither a file nor a folder"),
    ],
)
def test_a_path_that_does_not_exist(project: Path, path: str, message: str) -> None:
    make(project, "views.py", "pkg/helpers.py")
    with pytest.raises(UsageError) as error:
        discover([path], Config(), project)
    assert str(error.value) == message


# --- gitignore and exclude --------------------------------------------------------------------------------------------


def test_nested_gitignore_files(project: Path) -> None:
    make(project, "a.py", "gen/b.py", "gen/keep.py", "pkg/skip_me.py", "pkg/c.py", "other/skip_me.py")
    make(project, **{".gitignore": "gen/*\n!gen/keep.py\n", "pkg/.gitignore": "/skip_me.py\n"})
    assert targets(project, ".") == ["a.py", "gen/keep.py", "other/skip_me.py", "pkg/c.py"]
    everything = targets(project, ".", respect_gitignore=False)
    assert everything == ["a.py", "gen/b.py", "gen/keep.py", "other/skip_me.py", "pkg/c.py", "pkg/skip_me.py"]


def test_gitignore_above_the_given_folder_counts(project: Path) -> None:
    make(project, "pkg/a.py", "pkg/a_pb2.py", **{".gitignore": "*_pb2.py\n"})
    assert targets(project, "pkg") == ["pkg/a.py"]


def test_gitignore_of_the_repository_around_a_project_counts(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "app/pyproject.toml", "app/a.py", "app/a_pb2.py", **{".gitignore": "*_pb2.py\n"})
    make(tmp_path, "app/local.py", **{".git/info/exclude": "local.py\n"})
    assert targets(tmp_path / "app", ".") == ["a.py"]


def test_what_is_given_by_name_is_linted_though_git_ignores_it(project: Path) -> None:
    make(project, "gen/b.py", "gen/c.tmp.py", **{".gitignore": "gen/\n*.tmp.py\n"})
    assert targets(project, "gen/b.py") == ["gen/b.py"]
    assert targets(project, "gen") == ["gen/b.py", "gen/c.tmp.py"]


def test_a_senseless_gitignore_line_spoils_no_other(project: Path) -> None:
    make(project, "a.py", "b.py", **{".gitignore": "!\nb.py\n[z-a\n"})
    assert targets(project, ".") == ["a.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("migrations", ["a.py", "pkg/b.py", "pkg/sub/c.py"]),
        ("pkg/migrations", ["a.py", "pkg/b.py", "pkg/sub/c.py"]),
        ("pkg/", ["a.py"]),
        ("./pkg/sub", ["a.py", "pkg/b.py", "pkg/migrations/d.py"]),
        ("pkg/*.py", ["a.py"]),
        ("**/c.py", ["a.py", "pkg/b.py", "pkg/migrations/d.py"]),
        ("{a,b}.py", ["pkg/migrations/d.py", "pkg/sub/c.py"]),
        ("[ab].py", ["pkg/migrations/d.py", "pkg/sub/c.py"]),
        ("[!ab].py", ["a.py", "pkg/b.py"]),
        ("[z-a].py", ["a.py", "pkg/b.py", "pkg/migrations/d.py", "pkg/sub/c.py"]),
    ],
)
def test_exclude_patterns(project: Path, pattern: str, left: list[str]) -> None:
    make(project, "a.py", "pkg/b.py", "pkg/sub/c.py", "pkg/migrations/d.py")
    assert targets(project, ".", extend_exclude=(pattern,)) == left


def test_exclude_replaces_the_default_ones(project: Path) -> None:
    make(project, "build/a.py", "b.py")
    assert targets(project, ".", exclude=("b.py",)) == ["build/a.py"]


def test_force_exclude_is_for_files_given_by_name(project: Path) -> None:
    make(project, "build/a.py", "gen/b.py", "c.py", "gen/deep/d.py", **{".gitignore": "gen/\n"})
    given = ["build/a.py", "gen/b.py", "gen/deep/d.py", "c.py"]
    assert targets(project, *given) == sorted(given)
    assert targets(project, *given, force_exclude=True) == ["c.py"]


def test_force_exclude_does_not_look_above_the_project(tmp_path: Path) -> None:
    make(tmp_path, "build/app/pyproject.toml", "build/app/a.py")
    assert targets(tmp_path / "build" / "app", "a.py", force_exclude=True) == ["a.py"]


def test_patterns_on_names_and_paths() -> None:
    patterns = Patterns([anchored("a/[b]/*.py", Path("/x [1]")), "!keep.py"])
    assert patterns.match("/x [1]/a/b/c.py")
    assert not Patterns(["!keep.py"]).match("/x/keep.py")
    assert Patterns(["gen"]).cover("/x/gen/a/b.py", "/x")
    assert not Patterns(["x"]).cover("/x/gen/a/b.py", "/x")


# --- the project's root -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.cfg", ".git/HEAD"])
def test_the_nearest_marker_is_the_root(tmp_path: Path, marker: str) -> None:
    make(tmp_path, marker, "pkg/sub/a.py")
    found = discover(["pkg/sub"], Config(), tmp_path)
    assert found.root == tmp_path
    assert [file.relative for file in found.files] == ["pkg/sub/a.py"]


def test_without_a_marker_the_folder_around_the_package_is_the_root(tmp_path: Path) -> None:
    make(tmp_path, "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/a.py", "plain/b.py")
    assert discover(["pkg/sub/a.py"], Config(), tmp_path).root == tmp_path
    assert discover(["plain/b.py"], Config(), tmp_path).root == tmp_path / "plain"
    assert discover(["plain"], Config(), tmp_path).root == tmp_path / "plain"


def test_several_projects_are_one_program_below_their_common_folder(tmp_path: Path) -> None:
    make(tmp_path, "one/pyproject.toml", "one/app.py", "two/setup.cfg", "two/app.py")
    found = discover(["one", "two"], Config(), tmp_path)
    assert found.root == tmp_path
    assert [file.relative for file in found.files] == ["one/app.py", "two/app.py"]


# --- the modules beside the given ones --------------------------------------------------------------------------------


def test_a_file_alone_brings_its_imports_and_its_importers(project: Path) -> None:
    make(project, "lone.py", **{"state.py": "n = 0", "store.py": "import state", "deep.py": "from store import add"})
    make(
        project, **{"app.py": "from deep import f\nimport locks", "locks.py": "", "tests/test_store.py": "import store"}
    )
    make(project, **{"test_it.py": "import store", "conftest.py": "import store", "it_test.py": "import store"})
    assert context(project, "store.py") == ["app.py", "deep.py", "locks.py", "state.py"]
    assert targets(project, "store.py") == ["store.py"]


def test_the_whole_project_has_nothing_beside_it(project: Path) -> None:
    make(project, **{"app.py": "import store", "store.py": ""})
    assert context(project, ".") == []


def test_excluded_modules_are_not_brought(project: Path) -> None:
    make(project, **{"app.py": "import store, venv.x", "store.py": "", "venv/x.py": ""})
    assert context(project, "app.py", extend_exclude=("store.py",)) == []


def test_packages_relative_imports_and_a_source_folder(project: Path) -> None:
    make(project, **{"src/shop/__init__.py": "", "src/shop/views/__init__.py": "from . import home\n"})
    make(project, **{"src/shop/views/home.py": "from ..store import (\n    add,  # adds\n    drop as d,\n)\n"})
    make(project, **{"src/shop/store.py": "", "src/shop/other.py": "", "run.py": "from shop.views import home\n"})
    below = ["run.py", "src/shop/__init__.py", "src/shop/views/__init__.py", "src/shop/views/home.py"]
    assert context(project, "src/shop/store.py") == below


def test_a_fixture_inside_a_test_folder_is_a_program(project: Path) -> None:
    make(
        project,
        **{"tests/app/views.py": "import store", "tests/app/store.py": "", "tests/test_app.py": "import app.store"},
    )
    assert context(project, "tests/app/store.py") == ["tests/app/views.py"]


def test_related_ends_on_import_cycles() -> None:
    texts = {"a.py": b"import b", "b.py": b"import c", "c.py": b"import a"}
    assert related({"a.py"}, texts, texts.__getitem__) == {"b.py", "c.py"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import a, b.c as d", [Imported(0, "a"), Imported(0, "b.c")]),
        ("if x: import a; from b import c", [Imported(0, "a"), Imported(0, "b", ("c",))]),
        ("from .. import a", [Imported(2, "", ("a",))]),
        ("from . a import *", [Imported(1, "a")]),
        ("from a import (b,\n  c)", [Imported(0, "a", ("b", "c"))]),
        ("from a import b, \\\n  c\nimport d", [Imported(0, "a", ("b", "c")), Imported(0, "d")]),
        ("import \\\n  a", [Imported(0, "a")]),
        ("m = importlib.import_module('a.b')", [Imported(0, "a", ("b",))]),
        ("important = 1; fromage = 2", []),
        (
            "# import\nx = 1\nfrom a import (  # import\n  b,\n)\nimport c; import d",
            [Imported(0, "a", ("b",)), Imported(0, "c"), Imported(0, "d")],
        ),
        ("imp\xf6rt = 1", []),
    ],
)
def test_import_statements(text: str, found: list[Imported]) -> None:
    assert list(imports(text)) == found


def test_what_a_test_is() -> None:
    assert is_test("tests/helpers.py", "app.py")
    assert is_test("pkg/test_a.py", "pkg/a.py")
    assert not is_test("tests/app/views.py", "tests/app/store.py")
    assert not is_test("contest.py", "app.py")


# --- standard input ---------------------------------------------------------------------------------------------------


def test_standard_input_stands_for_a_file_that_need_not_exist(project: Path) -> None:
    make(project, **{"app.py": "import store", "store.py": "old"})
    found = discover(["-"], Config(), project, Stdin("store.py", b"new"))
    assert [(file.display, file.target, file.read()) for file in found.files] == [
        ("app.py", False, b"import store"),
        ("store.py", True, b"new"),
    ]
    found = discover(["-"], Config(), project, Stdin("pkg/fresh.py", b"import store"))
    assert [(file.display, file.target) for file in found.files] == [("pkg/fresh.py", True), ("store.py", False)]
