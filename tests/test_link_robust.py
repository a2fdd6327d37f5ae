"""Linking takes any program: names and calls that go round in circles, and more of everything than anybody writes."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest
from test_link_cases import program

from flaskglobals_lint.checks import check
from flaskglobals_lint.extract import extract
from flaskglobals_lint.finding import Finding
from flaskglobals_lint.link import LinkInput, link
from flaskglobals_lint.models import load

MOST_CALLS = 3_000_000
"""Python calls that linking and checking one of these programs may take: far below what an explosion needs."""

MODELS = load()


def findings(files: dict[str, str], most_calls: int = MOST_CALLS) -> list[Finding]:
    """What is found in a program that is never written to a disk, if that is not too much work."""
    return counted(files, most_calls)[0]


def counted(files: dict[str, str], most_calls: int = MOST_CALLS) -> tuple[list[Finding], int]:
    """What is found in a program that is never written to a disk, and how many Python calls that takes."""
    inputs = [LinkInput(path, path, extract(source.encode()), True) for path, source in files.items()]
    assert [item.facts.problem for item in inputs] == [None] * len(inputs)
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        if event == "call":
            calls += 1
            if calls > most_calls:
                raise TooMuchWork(calls)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        return check(link(inputs, MODELS)), calls
    finally:
        sys.setprofile(before)


class TooMuchWork(Exception):
    """Linking a small program does not end in reasonable time."""


CIRCLES = {
    "modules that import each other": """
        import a

        @app.get("/")
        def home():
            a.bump()
            return "home"
        # file: a.py
        import b
        from b import value

        n = 0

        def bump():
            global n
            n += 1
            b.bump()
        # file: b.py
        import a
        from a import n as value

        def bump():
            a.bump()
    """,
    "names that import each other": """
        from a import x

        @app.get("/")
        def home():
            x["n"] = x["n"] + 1
            return "home"
        # file: a.py
        from b import x
        # file: b.py
        from c import x
        # file: c.py
        from a import x
    """,
    "star imports in a circle": """
        from a import *

        @app.get("/")
        def home():
            x["n"] = x["n"] + 1
            return missing
        # file: a.py
        from b import *
        # file: b.py
        from a import *

        x = {"n": 0}
    """,
    "a module that imports itself": """
        import app as me
        from app import me as too

        @app.get("/")
        def home():
            me.me.me.too.n += 1
            return "home"
    """,
    "a package that imports itself by its module": """
        # file: shop/__init__.py
        from shop.shop import shop
        # file: shop/shop.py
        from shop import shop
    """,
    "imports above the top": """
        from . import nothing
        from ... import more
        from ....far import away
        from .... import *

        nothing.n += 1
    """,
    "a class that inherits from itself": """
        class A(A):
            def __init__(self):
                super().__init__()
                self.n = 0

            def bump(self):
                self.n += 1
                super().bump()

        a = A()

        @app.get("/")
        def home():
            a.bump()
            return "home"
    """,
    "classes that inherit from each other": """
        class A(B):
            n = 0

        class B(A):
            def bump(self):
                self.n += 1
                return self.bump()

        class C(A, B, C):
            pass

        @app.get("/")
        def home():
            C().bump()
            return "home"
    """,
    "a class that is its own metaclass": """
        class M(type, metaclass=M):
            def __call__(cls):
                return cls()

        @app.get("/")
        def home():
            M().n += 1
            return "home"
    """,
    "a function that calls itself": """
        n = {"a": 0}

        def again(depth):
            n["a"] = n["a"] + 1
            return again(depth - 1) if depth else again

        @app.get("/")
        def home():
            again(5)(5)(5)
            return "home"
    """,
    "functions that call each other": """
        n = {"a": 0}

        def even(value, table):
            table["a"] = table["a"] + 1
            return odd(value - 1, table) if value else True

        def odd(value, table):
            table["a"] = table["a"] - 1
            return even(value - 1, {**table}) or even(value, n)

        @app.get("/")
        def home():
            return str(even(5, n))
    """,
    "functions that give each other themselves": """
        def first(function):
            return function(first)

        def second(function):
            return function(second) or first(function)

        @app.get("/")
        def home():
            return first(second)(first)(second)
    """,
    "a name that is an item of itself": """
        x = {}
        x = x["a"]
        x = x[0][1][2]

        @app.get("/")
        def home():
            global x
            x = x[x]
            x[x][x] = x[x]
            return x
    """,
    "an attribute that is an attribute of itself": """
        class Node:
            def __init__(self):
                self.next = self
                self.next = self.next.next
                self.n = 0

            def last(self):
                return self.next.last() or self.next.next

        node = Node()
        node.next.next = node

        @app.get("/")
        def home():
            current = node
            while current:
                current.n += 1
                current = current.next
            return str(node.last().last().n)
    """,
    "a container that contains itself": """
        d = {}
        d["d"] = d
        l = []
        l.append(l)

        @app.get("/")
        def home():
            for item in l:
                for more in item:
                    more.append(item)
            d["d"]["d"]["d"]["n"] = d["d"]["d"]["n"] + 1
            return d
    """,
    "properties that read each other": """
        class P:
            @property
            def a(self):
                return self.b

            @property
            def b(self):
                return self.a

            @a.setter
            def a(self, value):
                self.a = value

            def __getattr__(self, name):
                return getattr(self, name)

        p = P()

        @app.get("/")
        def home():
            p.a = p.b
            p.c += 1
            return "home"
    """,
    "a module getattr that asks itself": """
        import lazy

        @app.get("/")
        def home():
            lazy.x.y += 1
            return "home"
        # file: lazy.py
        import lazy

        def __getattr__(name):
            return getattr(lazy, name)
    """,
    "decorators that return nothing": """
        def nothing(function):
            pass

        def itself(function):
            return itself

        def raised(function):
            raise ValueError

        @app.get("/")
        @nothing
        def a():
            return "a"

        @nothing
        @app.get("/b")
        def b():
            return "b"

        @itself
        @raised
        @itself
        def c():
            return "c"

        @nothing
        class D:
            def bump(self):
                self.n += 1

        @app.get("/d")
        def d():
            D().bump()
            a()
            return c()
    """,
    "a function that is its own decorator": """
        @wrap
        def wrap(function):
            return wrap(function)

        @app.get("/")
        @wrap
        @wrap
        def home():
            return wrap(home)
    """,
    "locks in circles": """
        lock = lock
        locks = {"a": threading.Lock()}
        locks["b"] = locks["a"] = locks["b"]
        n = {"a": 0}

        @app.get("/")
        def home():
            with lock, locks["a"], locks["b"], lock:
                lock.acquire()
                n["a"] = n["a"] + 1
            lock.release()
            return "home"
    """,
    "arguments that do not fit": """
        n = {"a": 0}

        def f(a, /, b, *rest, c=1, **more):
            a["a"] = b

        @app.get("/")
        def home():
            f()
            f(n, n, n, n, c=n, d=n, a=n)
            f(*n, **n)
            f(*[n], *[n], **{"b": n}, c=n)
            home(n)
            return "home"
    """,
    "registrations that do not fit": """
        app.route()
        app.route("/")(None)
        app.add_url_rule()
        app.add_url_rule(view_func=app)
        app.before_request(app.before_request)
        app.before_request(app.before_request(app))
        threading.Thread()
        threading.Thread(target=threading.Thread)
        threading.Timer(1, threading.Timer)
        app.register_blueprint(app)
    """,
}


@pytest.mark.parametrize("text", CIRCLES.values(), ids=[name.replace(" ", "-") for name in CIRCLES])
def test_circles(text: str) -> None:
    findings(program(dedent(text)))


def test_work_does_not_double_with_each_caller() -> None:
    """Functions that let go of a lock for their callers, each by calling the one before it twice."""
    chain = "\n".join(f"def f{at + 1}():\n    f{at}()\n    f{at}()\n" for at in range(18))
    text = """
        lock = threading.Lock()

        def f0():
            lock.release()

        # chain

        @app.get("/")
        def home():
            f18()
            return "home"
    """
    findings(program(dedent(text).replace("# chain", chain)), 150_000)


def test_a_state_machine_of_100_branches() -> None:
    """Each of its races is looked at without going through the whole function again and again."""
    branches = "".join(f"    if n == {state}:\n        n = {state + 1}\n" for state in range(100))
    files = program(f'n = 0\n\n@app.route("/")\ndef home():\n    global n\n{branches}    return ""\n')
    assert len(findings(files, 500_000)) == 100


ONE_OF_MANY = """
from flask import Blueprint, request
from m{before} import store as before

bp = Blueprint("bp{n}", __name__)

class Store:
    def __init__(self):
        self.items = {{}}
        self.count = 0

    def add(self, key, value):
        if key not in self.items:
            self.items[key] = value
        self.count += 1
        return self.items[key]

    def __call__(self, key):
        return self.items.get(key)

store = Store()

@bp.route("/{n}")
def view():
    data = {{}}
    data["x"] = store.add(request.args["k"], 1)
    for item in store.items.values():
        data[item] = item
    before.add("k", store("k"))
    return data
"""


def test_work_grows_with_the_program() -> None:
    """Twice as many modules that all use the same names take about twice the work."""
    taken = {}
    for size in (2, 25, 50):  # the first one reads the models
        files = {f"m{n}.py": ONE_OF_MANY.format(n=n, before=max(n - 1, 0)) for n in range(size)}
        found, taken[size] = counted(files)
        assert len(found) >= size
    assert taken[50] < 2.3 * taken[25]


def test_two_modules_of_one_name() -> None:
    """Each is itself; an import finds the nearer one."""
    text = """
        # file: a/state.py
        n = 0
        # file: b/state.py
        n = 0
        # file: a/views.py
        from flask import Blueprint

        import state

        bp = Blueprint("a", __name__)

        @bp.route("/")
        def home():
            state.n += 1
            return "a"
        # file: b/views.py
        from flask import Blueprint

        import state

        bp = Blueprint("b", __name__)

        @bp.route("/")
        def home():
            return str(state.n)
    """
    found = [finding for finding in findings(program(dedent(text))) if finding.code == "FGL101"]
    assert [(finding.span.path, finding.symbol) for finding in found] == [("a/views.py", "a.state.n")]


def test_no_module_at_all() -> None:
    assert findings({}) == []


def test_empty_modules() -> None:
    assert findings({"a.py": "", "b/__init__.py": "", "c.py": "# nothing\n"}) == []


def race(found: list[Finding]) -> bool:
    return any(finding.code == "FGL101" for finding in found)


def test_a_chain_of_300_functions() -> None:
    text = '\nn = {"a": 0}\n\n@app.get("/")\ndef home():\n    return f0()\n'
    text += "".join(f"\ndef f{i}():\n    return f{i + 1}()\n" for i in range(300))
    text += '\ndef f300():\n    n["a"] = n["a"] + 1\n'
    assert race(findings(program(text)))


def test_a_chain_of_300_functions_in_reverse_order_with_an_argument() -> None:
    text = '\nn = {"a": 0}\n\ndef f300(d):\n    d["a"] = d["a"] + 1\n'
    text += "".join(f"\ndef f{i}(d):\n    return f{i + 1}(d)\n" for i in reversed(range(300)))
    text += '\n@app.get("/")\ndef home():\n    return f0(n)\n'
    assert race(findings(program(text)))


def test_a_chain_of_150_modules() -> None:
    text = 'from m0 import f\n\n@app.get("/")\ndef home():\n    return f()\n'
    text += "".join(f"# file: m{i}.py\nfrom m{i + 1} import f\n" for i in range(150))
    text += "# file: m150.py\nn = 0\n\ndef f():\n    global n\n    n += 1\n"
    assert race(findings(program(text)))


def test_a_chain_of_100_classes() -> None:
    text = "class C0:\n    def __init__(self):\n        self.n = 0\n\n    def bump(self):\n        self.n += 1\n"
    text += "".join(f"\nclass C{i + 1}(C{i}):\n    pass\n" for i in range(100))
    text += '\nc = C100()\n\n@app.get("/")\ndef home():\n    c.bump()\n    return "home"\n'
    assert race(findings(program(text)))


def test_60_functions_that_all_call_each_other() -> None:
    """There are more ways through them than could ever be walked."""
    calls = "".join(f"    f{i}(d)\n" for i in range(60))
    text = '\nn = {"a": 0}\n'
    text += "".join(f'\ndef f{i}(d):\n{calls}    d["a"] = d["a"] + 1\n' for i in range(60))
    text += '\n@app.get("/")\ndef home():\n    f0(n)\n    return "home"\n'
    assert race(findings(program(text)))


def test_a_diamond_30_calls_deep() -> None:
    """Two calls a level: 2**30 ways to the bottom."""
    text = '\nn = {"a": 0}\n\n@app.get("/")\ndef home():\n    return f0(n)\n'
    text += "".join(f"\ndef f{i}(d):\n    f{i + 1}(d)\n    return f{i + 1}(d)\n" for i in range(30))
    text += '\ndef f30(d):\n    d["a"] = d["a"] + 1\n'
    assert race(findings(program(text)))


def test_a_table_of_500_methods() -> None:
    methods = "".join(f"\n    def m{i}(self):\n        self.n = self.n + {i}\n" for i in range(500))
    table = "".join(f'            "m{i}": self.m{i},\n' for i in range(500))
    text = f"""
class Robot:
    def __init__(self):
        self.n = 0
        self.table = {{
{table}        }}
{methods}

robot = Robot()

@app.post("/<name>")
def act(name):
    robot.table[name]()
    return "ok"
"""
    findings(program(text))


def test_a_table_of_500_functions() -> None:
    text = "n = {'a': 0}\n"
    text += "".join(f"\ndef f{i}():\n    n['a'] = n['a'] + {i}\n" for i in range(500))
    text += "\nTABLE = {\n" + "".join(f"    'f{i}': f{i},\n" for i in range(500)) + "}\n"
    text += "\n@app.post('/<name>')\ndef act(name):\n    TABLE[name]()\n    return 'ok'\n"
    assert race(findings(program(text)))


@pytest.mark.parametrize("count", [100, 500])
def test_many_attributes_and_keys(count: int) -> None:
    text = "class Box:\n    pass\n\nbox = Box()\nd = {}\n\n@app.get('/')\ndef home():\n    box.a0 = box.a0 + 1\n"
    text += "".join(f"    box.a{i} = box.a{i - 1}\n    d['k{i}'] = d['k{i - 1}']\n" for i in range(1, count))
    text += "    return 'home'\n"
    assert race(findings(program(text)))


def test_long_paths() -> None:
    text = "d = {}\n\n@app.get('/')\ndef home():\n    d['n'] = d['n'] + 1\n"
    text += f"    x = d{'.a' * 40}\n    y = d{'[0]' * 40}\n    z = d{'()' * 40}\n    return x or y or z\n"
    assert race(findings(program(text)))


def test_a_wide_expression() -> None:
    text = "n = {'a': 0}\n\n@app.get('/')\ndef home():\n"
    text += f"    n['a'] = max({', '.join(['n[chr(97)]'] * 1000)}, n['a'])\n    return 'home'\n"
    assert race(findings(program(text)))


def test_many_loops_in_one_function() -> None:
    """Generated code: each loop meets each change of what it goes over."""
    loops = "".join(f"    for x in d:\n        d[x] = d[x] + {at}\n" for at in range(150))
    findings(program(f'd = {{}}\n\n@app.get("/")\ndef home():\n{loops}    return ""\n'), 10_000_000)


def test_many_decorators() -> None:
    """Each closure is given the one inside it; 16 of them are followed, and the others cost little."""
    head = "def deco(f):\n    def w():\n        n['w'] = n['w'] + 1\n        return f()\n    return w\n\n"

    def text(n: int) -> str:
        body = "def home():\n    n['a'] = n['a'] + 1\n    return ''\n"
        return "n = {'a': 0}\n\n" + head + '@app.get("/")\n' + "@deco\n" * n + body

    assert {finding.span.line for finding in findings(program(text(8))) if finding.code == "FGL101"} == {11, 25}
    findings(program(text(1000)), 200_000)


def test_closures_that_are_given_closures_twice() -> None:
    """Each holds twice as much as the one before it."""
    head = "def make(f, g):\n    def w():\n        f()\n        g()\n    return w\n\ndef c0():\n    n['a'] = n['a'] + 1\n\n"
    chain = "".join(f"c{at} = make(c{at - 1}, c{at - 1})\n" for at in range(1, 60))
    view = '\n@app.get("/")\ndef home():\n    c3()\n    c59()\n    return ""\n'
    assert race(findings(program("n = {'a': 0}\n\n" + head + chain + view), 200_000))


def test_a_list_that_is_walked_down_is_followed_some_way() -> None:
    """``x = x.next`` again and again: what it leads to first is told, and what nobody can follow is not."""
    text = "class Node:\n    pass\n\nnode = Node()\n\n@app.get('/')\ndef home():\n    x = node\n"
    text += "    x = x.next\n    x.seen = x.seen + 1\n" * 100 + "    return ''\n"
    assert 10 < len(findings(program(text))) < 60


LOOP = "n = {'a': 0}\n\n@app.get('/')\ndef home():\n"


def nested(heads: tuple[str, ...], depth: int) -> str:
    """An update inside so many blocks."""
    blocks = "".join("    " * (at + 1) + heads[at % len(heads)] + "\n" for at in range(depth))
    return LOOP + blocks + "    " * (depth + 1) + "n['a'] = n['a'] + 1\n"


def test_nested_branches() -> None:
    """Ten loops is more than anybody writes; Python itself takes 20 blocks, and any number of branches."""
    assert race(findings(program(nested(("if request.args:",), 40))))
    assert race(findings(program(nested(("for x in n:", "if x:"), 20))))


@pytest.mark.parametrize("head", ["for x in n:", "while n:"])
def test_nested_loops(head: str) -> None:
    findings(program(nested((head,), 14)), 200_000)


def test_200_views_over_one_store() -> None:
    text = "from store import store\n"
    text += "".join(f"\n@app.post('/{i}')\ndef view{i}():\n    store.bump({i})\n    return 'ok'\n" for i in range(200))
    text += (
        "# file: store.py\nclass Store:\n    def __init__(self):\n        self.n = 0\n\n"
        "    def bump(self, by):\n        self.n = self.n + by\n\nstore = Store()\n"
    )
    found = [finding for finding in findings(program(text)) if finding.code == "FGL101"]
    assert [(finding.span.path, finding.span.line) for finding in found] == [("store.py", 6)]
