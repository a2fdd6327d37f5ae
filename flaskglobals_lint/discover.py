"""From the PATHs of a command line to the files of one program."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flaskglobals_lint.cache import Cache
from flaskglobals_lint.config import MAX_SOURCE, Config, UsageError
from flaskglobals_lint.context import related
from flaskglobals_lint.gitignore import NAME as IGNORE_FILE
from flaskglobals_lint.gitignore import GitIgnore, posix
from flaskglobals_lint.patterns import Patterns, anchored

_MARKERS = ("pyproject.toml", "setup.cfg", ".git")
_SUFFIXES = (".py", ".pyw")
_CONTEXT_FOLDERS = 10_000
"""So many folders of a project are searched, nearest to its root first, for modules beside the given ones."""
_READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""What has become a pipe since it was found must not be waited for."""


@dataclass(frozen=True, slots=True)
class Stdin:
    """The text that stands for the content of the file ``name``, which need not exist."""

    name: str
    text: bytes


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the program.

    ``path`` is absolute, ``relative`` leads from ``root`` to it, ``display`` from the working directory; the last two
    with ``/``. Only findings in a ``target`` are wanted. ``text`` is the content if it does not come from the disk.
    """

    path: str
    root: Path
    relative: str
    display: str
    target: bool
    text: bytes | None = None
    known: bytes | None = field(default=None, repr=False)
    """The content, if it was read already."""

    def read(self) -> bytes:
        """The content. Raises OSError."""
        if self.text is not None:
            return self.text
        return _content(self.path) if self.known is None else self.known


@dataclass(frozen=True, slots=True)
class Discovery:
    """The files of one program, by ``display``; ``root`` is the folder that all of them lie in."""

    root: Path
    files: tuple[SourceFile, ...]

    @property
    def targets(self) -> tuple[SourceFile, ...]:
        """The files that were asked for."""
        return tuple(file for file in self.files if file.target)


@dataclass(frozen=True, slots=True)
class _Found:
    """A file on the disk; ``real`` is the same for two names of one file."""

    path: str
    real: str


def root_of(paths: Sequence[str], cwd: Path, stdin: Stdin | None = None) -> Path:
    """The folder that the projects of all ``paths`` lie in. Raises UsageError as ``discover`` does."""
    return _common([_project_root(_given(path, cwd, stdin)) for path in paths or (".",)])


def discover(
    paths: Sequence[str], config: Config, cwd: Path, stdin: Stdin | None = None, store: Cache | None = None
) -> Discovery:
    """The files under ``paths`` (default: the working directory) and those of their projects that belong with them.

    The path ``-`` is ``stdin``. Raises UsageError for a path that does not exist or is neither a file nor a folder.
    What of the search depends on the content of files alone is kept in ``store``.
    """
    excluded = Patterns(anchored(pattern, cwd) for pattern in config.exclude + config.extend_exclude)
    override = {str(_absolute(stdin.name, cwd)): stdin.text} if stdin else {}
    search = _Search(config, excluded, override, store or Cache(None))
    given = [_given(path, cwd, stdin) for path in paths or (".",)]
    projects = [_project_root(path) for path in given]
    root = _common(projects)
    targets: dict[str, _Found] = {}
    for path, project in zip(given, projects, strict=True):
        for found in search.expand(path, project):
            targets.setdefault(found.real, found)

    beside: dict[str, _Found] = {}
    for project in sorted(set(projects)):
        inside = {real: found for real, found in targets.items() if _below(found.path, project)}
        # A project that was given whole has nothing beside its targets.
        if inside and not any(path == project or path in project.parents for path in given):
            beside |= search.context(project, inside)

    found_files = beside | targets
    files = [search.source_file(found, root, cwd, real in targets) for real, found in found_files.items()]
    return Discovery(root, tuple(sorted(files, key=lambda file: file.display)))


# --- the given paths --------------------------------------------------------------------------------------------------


def _given(path: str, cwd: Path, stdin: Stdin | None) -> Path:
    """A given path, absolute and without ``..``. Raises UsageError if there is nothing to read."""
    if path == "-" and stdin is not None:
        return _absolute(stdin.name, cwd)
    whole = _absolute(path, cwd)
    try:
        mode = whole.stat().st_mode if path else 0
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise UsageError(f"`{path}` does not exist{_sibling(path, whole)}") from None
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UsageError(f"`{path}` is neither a file nor a folder")
    return whole


def _absolute(path: str, cwd: Path) -> Path:
    return Path(os.path.normpath(cwd / path))


def _sibling(path: str, whole: Path) -> str:
    """``; did you mean …?``, with the nearest name in the same folder."""
    import difflib

    try:
        names = sorted(os.listdir(whole.parent))
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(whole.name, names, n=1)
    return f"; did you mean `{posix(os.path.join(os.path.dirname(path), near[0]))}`?" if near else ""


def _project_root(path: Path) -> Path:
    """The nearest folder with a marker; without one the folder that the outermost package lies in."""
    folder = path if os.path.isdir(path) else path.parent
    for parent in (folder, *folder.parents):
        if any(os.path.lexists(parent / marker) for marker in _MARKERS):
            return parent
    while os.path.isfile(folder / "__init__.py") and folder.parent != folder:
        folder = folder.parent
    return folder


def _common(roots: Sequence[Path]) -> Path:
    """The innermost folder that holds all of them."""
    try:
        return Path(os.path.commonpath(roots))
    except ValueError:  # two drives
        return roots[0]


# --- the disk ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for files; ``override`` is content that does not come from the disk."""

    config: Config
    excluded: Patterns
    override: dict[str, bytes]
    store: Cache
    contents: dict[str, bytes] = field(default_factory=dict)
    """What was read, by path."""

    def expand(self, path: Path, project: Path) -> Iterator[_Found]:
        """The files that one given path stands for. As in Ruff, what is given by name is not excluded unless forced."""
        if self.config.force_exclude and self._is_excluded(path, project):
            return
        if str(path) in self.override or not os.path.isdir(path):
            yield _Found(str(path), os.path.realpath(path))
        else:
            yield from self._walk(path, project)

    def context(self, project: Path, targets: dict[str, _Found]) -> dict[str, _Found]:
        """The files of a project that share a program with the targets in it, by their real path."""
        found = [*targets.values(), *self._walk(project, project, _CONTEXT_FOLDERS)]
        # Turned round, so that a target goes before another name of it.
        by_real = {item.real: item for item in reversed(found)}
        by_name = {_relative(item.path, project): item for item in by_real.values()}
        asked = {name for name, item in by_name.items() if item.real in targets}
        names = related(asked, by_name, lambda name: self._read(by_name[name].path), self.store)
        return {by_name[name].real: by_name[name] for name in names}

    def source_file(self, found: _Found, root: Path, cwd: Path, target: bool) -> SourceFile:
        """The file as the later stages want it."""
        path = found.path
        try:
            display = _relative(path, cwd)
        except ValueError:  # another drive
            display = posix(path)
        text, known = self.override.get(path), self.contents.get(path)
        return SourceFile(path, root, _relative(path, root), display, target, text, known)

    def _read(self, path: str) -> bytes:
        if path in self.override:
            return self.override[path]
        try:
            self.contents[path] = _content(path)
        except OSError:
            return b""
        return self.contents[path]

    def _is_excluded(self, path: Path, project: Path) -> bool:
        """Whether the path or a folder between it and the project's root is excluded or ignored by git."""
        if self.excluded.cover(path.as_posix(), project.as_posix()):
            return True
        if not self.config.respect_gitignore:
            return False
        rules = GitIgnore.above(project, project, self.store)
        for parent in reversed([parent for parent in path.parents if _below(str(parent), project)]):
            if parent != project and rules.ignored([(parent.as_posix(), True)]):
                return True
            rules = rules.inside(parent)
        return bool(rules.ignored([(path.as_posix(), os.path.isdir(path))]))

    def _walk(self, top: Path, project: Path, limit: int | None = None) -> Iterator[_Found]:
        """The Python files below a folder, nearest first; at most ``limit`` folders are opened.

        Links to folders are not followed, and linked files come last, after what they may link to. A folder that cannot
        be read is passed over, like anything that vanishes.
        """
        rules = GitIgnore.above(top, project, self.store) if self.config.respect_gitignore else None
        waiting = deque([(str(top), os.path.realpath(top), rules)])
        links = []
        opened = 0
        while waiting and (limit is None or opened < limit):
            folder, real, rules = waiting.popleft()
            opened += 1
            entries = {entry.name: entry for entry in _entries(folder)}
            if opened > 1 and "pyvenv.cfg" in entries and not any(name.endswith(_SUFFIXES) for name in entries):
                continue  # a virtual environment, whatever its name, and not made around an application
            if rules is not None and IGNORE_FILE in entries:
                rules = rules.inside(folder)
            wanted = {}
            for name, entry in entries.items():
                is_folder = _is(entry, folder=True)
                if is_folder or (name.endswith(_SUFFIXES) and _is(entry, folder=False)):
                    path = posix(entry.path)
                    if not self.excluded.match(path):
                        wanted[path] = (entry, is_folder)
            ignored = rules.ignored((path, item[1]) for path, item in wanted.items()) if rules is not None else ()
            for path, (entry, is_folder) in wanted.items():
                below = os.path.join(real, entry.name)
                if path in ignored:
                    continue
                if is_folder:
                    waiting.append((entry.path, below, rules))
                elif entry.is_symlink():
                    links.append(_Found(entry.path, os.path.realpath(below)))
                else:
                    yield _Found(entry.path, below)
        yield from links


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is(entry: os.DirEntry[str], folder: bool) -> bool:
    """Whether an entry is a folder (no link to one) or a regular file (or a link to one)."""
    try:
        return entry.is_dir(follow_symlinks=False) if folder else entry.is_file()
    except OSError:
        return False


def _below(path: str, folder: Path) -> bool:
    return path == str(folder) or path.startswith(_inside(folder))


def _inside(folder: Path) -> str:
    """What a path in the folder starts with."""
    return str(folder).rstrip(os.sep) + os.sep


def _relative(path: str, folder: Path) -> str:
    """The way from a folder to a path, with ``/``. Raises ValueError if there is none, as between drives."""
    start = _inside(folder)
    return posix(path[len(start) :] if path.startswith(start) else os.path.relpath(path, folder))


def _content(path: str) -> bytes:
    """A file's bytes, at most one more than a module may have. Raises OSError."""
    with open(os.open(path, _READING), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file any more")
        return file.readall() if status.st_size <= MAX_SOURCE else file.read(MAX_SOURCE + 1)
