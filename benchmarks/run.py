"""What a run of the linter costs, as ratios to other programs measured beside it: ``python benchmarks/run.py PATH…``.

Times alone say more about the machine and its load than about the linter. So every measurement is repeated, alternating with
what it is compared with, and the medians are divided. The trees are copied first; nothing is written beside them. Peers that
are not installed are left out: put the folder with their commands on PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from flaskglobals_lint.testcode import is_test

PROJECT = Path(__file__).resolve().parent.parent
LINTER = [sys.executable, "-m", "flaskglobals_lint", "-q", "--exit-zero"]
PARTS = ("cold", "warm", "growth", "long")
CLICK = [sys.executable, "-c", "import click"]
PEERS = {
    "threadcheck": ["threadcheck"],
    "pylint": ["pylint", "--disable=all", "--enable=W0602,W0603,W0604", "--recursive=y", "--score=n"],
    "ruff": ["ruff", "check", "--isolated", "--no-cache", "--select=PLW0602,PLW0603,PLW0604", "--exit-zero"],
}
"""Commands that the tree's path is added to."""

PARSE = """
import sys, time
import libcst
sources = [open(name, "rb").read() for name in sys.stdin.read().splitlines()]
start = time.process_time()
for source in sources:
    try:
        libcst.parse_module(source)
    except Exception:
        pass
print(time.process_time() - start)
"""

LONG_FILE = """
@app.route("/{n}/<int:key>")
def view_{n}(key):
    rows = load(key, limit={n})
    if not rows:
        return abort(404)
    total = 0
    for row in rows:
        total += row.price * row.count
    store_{n}[key] = total
    if total > {n}:
        log.info("many: %s", total)
    names = [row.name for row in rows if row.name.startswith("{n}")]
    try:
        send(names, total=total, key="{n}")
    except OSError as error:
        log.warning("not sent: %s", error)
    return render_template("view.html", rows=rows, total=total, names=names)


store_{n} = {{}}
"""


@dataclass
class Cost:
    """What one run took: seconds of processor time, its children included, and of the clock; bytes of its largest process."""

    cpu: float
    wall: float
    memory: int


class Table:
    """The results in Markdown, printed as they come."""

    def __init__(self) -> None:
        print("| measured | median | beside | ratio | target |\n|---|---|---|---|---|")

    def add(self, what: str, value: str, beside: str, ratio: float | None = None, target: str = "") -> None:
        shown = "" if ratio is None else f"{ratio:.2f}"
        print(f"| {what} | {value} | {beside} | {shown} | {target} |", flush=True)


def run(command: Sequence[str], cwd: Path, text: str = "") -> tuple[Cost, str]:
    """The cost of a command, and what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(text.encode())
        given.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=given, stdout=output, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().decode(errors="replace")
    if process.returncode < 0:
        sys.exit(f"ended by signal {-process.returncode}: {' '.join(command)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit), printed


def alternate(runs: int, *subjects: Callable[[], Cost]) -> list[Cost]:
    """The medians of several things that are done in turn."""
    taken: list[list[Cost]] = [[] for _ in subjects]
    for _ in range(runs):
        for costs, subject in zip(taken, subjects, strict=True):
            costs.append(subject())
    return [
        Cost(
            statistics.median(cost.cpu for cost in costs),
            statistics.median(cost.wall for cost in costs),
            max(cost.memory for cost in costs),
        )
        for costs in taken
    ]


@dataclass
class Tree:
    """A copy of a tree of Python files, and a place for its cache."""

    root: Path
    cache: Path

    @classmethod
    def copied(cls, source: Path, into: Path, times: int = 1) -> Tree:
        root = into / f"{source.name or 'tree'}-{times}"
        for number in range(times):
            target = root if times == 1 else root / f"package{number}"
            shutil.copytree(source, target, ignore=_not_python, symlinks=True)
        return cls(root, into / f"{root.name}.cache")

    def run(self, command: Sequence[str]) -> Cost:
        return run(command, self.root)[0]

    def lint(self, *options: str, path: str = ".") -> Cost:
        return self.run([*LINTER, *options, path])

    def cold(self, jobs: int = 1) -> Cost:
        return self.lint("--no-cache", f"--jobs={jobs}")

    def cached(self, path: str = ".") -> Cost:
        return self.lint(f"--cache-dir={self.cache}", path=path)

    def files(self) -> list[Path]:
        """The files in scope."""
        printed = run([*LINTER, "--show-files", "."], self.root)[1]
        return [self.root / name for name in printed.splitlines()]

    def typical(self) -> Path:
        """The file of middle size among those of the program."""
        files = [path for path in self.files() if not is_test(path.relative_to(self.root).as_posix())]
        files.sort(key=lambda path: path.stat().st_size)
        return files[len(files) // 2]


def _not_python(folder: str, names: list[str]) -> list[str]:
    keep = (".py", ".pyw", ".toml", ".gitignore")
    return [
        name
        for name in names
        if name.startswith(".flaskglobals") or not (name.endswith(keep) or os.path.isdir(os.path.join(folder, name)))
    ]


def lines(files: Sequence[Path]) -> int:
    return sum(path.read_bytes().count(b"\n") for path in files)


def seconds(cost: float) -> str:
    return f"{cost:.2f} s"


def cold(table: Table, tree: Tree, runs: int) -> None:
    """Cold runs against libcst's parser alone, and against the peers."""
    files = tree.files()
    names = "\n".join(map(str, files))

    def parse() -> Cost:
        cost, printed = run([sys.executable, "-c", PARSE], tree.root, names)
        return Cost(float(printed), cost.wall, cost.memory)

    one, parsed = alternate(runs, tree.cold, parse)
    size = f"{len(files)} files, {lines(files):,} lines"
    table.add(
        f"{tree.root.name.rpartition('-')[0]} ({size}): cold, one job, CPU",
        seconds(one.cpu),
        f"libcst.parse_module, CPU {seconds(parsed.cpu)}",
        one.cpu / parsed.cpu,
        "≤ 0.7",
    )
    table.add("largest process of that run", f"{one.memory / 2**20:.0f} MiB", "", None, "≤ 150 MiB")
    for name, command in PEERS.items():
        if shutil.which(command[0]) is None:
            table.add("cold, two jobs, wall", "", f"{name} is not installed")
            continue
        two, peer = alternate(runs, partial(tree.cold, 2), partial(tree.run, [*command, "."]))
        target = {"threadcheck": "< 1", "pylint": "< 0.2"}.get(name, "")
        table.add(
            "cold, two jobs, wall",
            seconds(two.wall),
            f"{name}, wall {seconds(peer.wall)}",
            two.wall / peer.wall,
            target,
        )


def warm(table: Table, tree: Tree, runs: int) -> None:
    """Runs with a cache, against the start of an interpreter that imports click."""
    changing = tree.typical()
    staged = str(changing.relative_to(tree.root))

    def edited(path: str, line: str = "# changed\n") -> Cost:
        with changing.open("a", encoding="utf-8") as file:
            file.write(line)
        return tree.cached(path)

    def moved() -> Cost:
        changing.write_bytes(b"# changed\n" + changing.read_bytes())
        return tree.cached()

    numbers = count()

    def coded() -> Cost:
        return edited(".", f"\ndef added_{next(numbers)}(): return 1\n")

    tree.cached()
    tree.cached(staged)
    click = partial(tree.run, CLICK)
    same, changed, one, beside = alternate(runs, tree.cached, partial(edited, "."), partial(edited, staged), click)
    start = f"import click, wall {seconds(beside.wall)}"
    table.add("warm, nothing changed, wall", seconds(same.wall), start, same.wall / beside.wall, "≤ 4")
    table.add("warm, one comment added, wall", seconds(changed.wall), start, changed.wall / beside.wall, "≤ 10")
    table.add("warm, one staged file given, wall", seconds(one.wall), start, one.wall / beside.wall, "≤ 10")
    above, other, beside = alternate(runs, moved, coded, click)
    start = f"import click, wall {seconds(beside.wall)}"
    table.add("warm, one comment added at the top, wall", seconds(above.wall), start, above.wall / beside.wall, "≤ 10")
    table.add("warm, one function added, wall", seconds(other.wall), start, other.wall / beside.wall, "≤ 10")


def growth(table: Table, tree: Tree, into: Path, times: int, runs: int) -> None:
    """A tree of several copies of the same packages against one of them."""
    many = Tree.copied(tree.root, into, times)
    one, several = alternate(runs, tree.cold, many.cold)
    shutil.rmtree(many.root)
    table.add(
        f"{times} copies, cold, one job, CPU",
        seconds(several.cpu),
        f"one copy, CPU {seconds(one.cpu)}",
        several.cpu / one.cpu,
        f"≤ {times * 1.1:g}",
    )
    table.add(
        "largest process of that run",
        f"{several.memory / 2**20:.0f} MiB",
        f"one copy, {one.memory / 2**20:.0f} MiB",
        several.memory / one.memory,
        f"< {times}",
    )


def long_file(table: Table, into: Path, runs: int) -> None:
    """One file of 20,000 lines against the same code in twenty files."""
    head = "import logging\nfrom flask import Flask, abort, render_template\n\napp = Flask(__name__)\n"
    views = [LONG_FILE.format(n=number) for number in range(20_000 // LONG_FILE.count("\n"))]

    def written(name: str, files: int) -> Tree:
        (into / name).mkdir()
        for number in range(files):
            (into / name / f"app{number}.py").write_text(head + "".join(views[number::files]), encoding="utf-8")
        return Tree(into / name, into)

    single, several = alternate(runs, written("long", 1).cold, written("short", 20).cold)
    table.add(
        "a file of 20,000 lines, cold, one job, CPU",
        seconds(single.cpu),
        f"the same in 20 files, CPU {seconds(several.cpu)}",
        single.cpu / several.cpu,
        "≤ 1",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("paths", nargs="*", type=Path, default=[PROJECT / "examples" / "shop"], metavar="PATH")
    parser.add_argument("--runs", type=int, default=5, help="how often each measurement is made (default: 5)")
    parser.add_argument("--copies", type=int, default=10, help="copies of the tree to measure growth (default: 10)")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part to measure (default: all)")
    options = parser.parse_args()
    wanted = options.only or PARTS
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(options.paths):
            into = Path(folder) / str(number)
            tree = Tree.copied(path.resolve(), into)
            if "cold" in wanted:
                cold(table, tree, options.runs)
            if "warm" in wanted:
                warm(table, tree, options.runs)
            if "growth" in wanted:
                growth(table, tree, into, options.copies, max(1, options.runs // 2))
            if "long" in wanted:
                long_file(table, into, options.runs)
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
