"""The library models: the tables are sound, and look-ups give what the link stage relies on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest

from flaskglobals_lint import models
from flaskglobals_lint.models import Entry, Models, tables
from flaskglobals_lint.models.connections import Category, ConnectionKind, Share
from flaskglobals_lint.models.containers import ContainerKind
from flaskglobals_lint.models.entrypoints import EntryKind, Runs
from flaskglobals_lint.models.locks import LockKind
from flaskglobals_lint.models.servers import FileFormat, ServerKind
from flaskglobals_lint.models.shared_objects import ProcessStateUse

Record = TypeVar("Record")
FOLDER = Path(models.__file__).parent
SOURCELESS = {
    "entry",
    "shape",
    "alias",
    "moved",
    "class",
    "call",
    "result",
    "proxy",
    "object",
    "parsed",
    "request_data",
}
"""Kinds of row that only name things; those of ``types.toml`` are import paths."""

NAME = re.compile(r"[A-Za-z_]\w*(\(\))?(\.[A-Za-z_]\w*(\(\))?)*(\.\*)?(\(\w+=[\w.]*(,\w+=[\w.]*)*\))?")


def table_rows(table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and content of each row of a table."""
    for kind, rows in tables.read(table).items():
        for row in rows if isinstance(rows, list) else rows.values():
            yield kind, row


def every_row() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for table in tables.TABLES:
        for kind, row in table_rows(table):
            yield table, kind, row


def some(found: Record | None) -> Record:
    """What a look-up that must succeed has found."""
    assert found is not None
    return found


@pytest.fixture(scope="module")
def library() -> Models:
    return models.load()


# --- the tables -------------------------------------------------------------------------------------------------------


def test_the_tables_are_the_files_beside_the_loader() -> None:
    assert {f"{table}.toml" for table in tables.TABLES} == {path.name for path in FOLDER.glob("*.toml")}


def test_every_row_has_a_source() -> None:
    missing = [
        (table, row)
        for table, kind, row in every_row()
        if not row.get("source") and not (kind in SOURCELESS and (table == "types" or kind in ("entry", "shape")))
    ]
    assert missing == []


def test_names_are_dotted_names_and_sorted() -> None:
    for table, _, row in every_row():
        for key in ("names", "types", "also"):
            names = row.get(key, [])
            assert names == sorted(set(names), key=lambda name: (name.lower(), name)), (table, row)
            for name in names:
                assert NAME.fullmatch(name), (table, name)


def test_names_are_canonical(library: Models) -> None:
    """A look-up canonicalises the name it is given, so that a row under another import path would never be found."""
    for table, kind, row in every_row():
        dotted = [*row.get("types", []), *row.get("bases", [])]
        if kind not in ("blocking_method", "method", "call_method") and not row.get("types"):
            dotted += row.get("names", [])
        for name in dotted:
            plain = re.sub(r"\(\w+=.*\)$", "", name).removesuffix(".*")
            assert library.canonical(plain) == plain, (table, name)


@pytest.mark.parametrize("table", ["connections", "locks", "containers", "stores", "thread_safe", "process_state"])
def test_a_name_stands_once_in_a_table(table: str) -> None:
    counts = Counter(
        (kind, row.get("use"), name) for kind, row in table_rows(table) for name in row.get("names", ()) if name
    )
    assert [key for key, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("kind", ["decorator", "call", "assigned", "method", "call_method"])
def test_an_entry_point_stands_once(kind: str) -> None:
    counts = Counter(
        (owner, name)
        for found, row in table_rows("entrypoints")
        if found == kind
        for owner in row.get("types", [""])
        for name in row["names"]
    )
    assert [pair for pair, count in counts.items() if count > 1] == []


def test_ids_are_unique() -> None:
    for table in ("connections", "servers"):
        ids = [row["id"] for _, row in table_rows(table) if "id" in row]
        assert sorted(ids) == sorted(set(ids))


def test_texts_fit_into_a_message() -> None:
    """``why`` and ``remedy`` are clauses inside a finding: one sentence, no full stop, no placeholder left."""
    for record in _connections():
        if record.share != "yes":
            assert record.why, record.id
            assert record.remedy, record.id
        for text in (record.why, record.remedy):
            assert not text.endswith("."), record.id
            assert "{" not in text, record.id
            assert len(text) < 170, record.id


def test_words_are_the_known_ones() -> None:
    for record in _connections():
        assert record.kind in get_args(ConnectionKind), record.id
        assert record.share in get_args(Share), record.id
        assert record.category in get_args(Category), record.id
        assert (record.category == "none") == (record.share == "yes"), record.id
    for _, row in table_rows("process_state"):
        assert row["use"] in get_args(ProcessStateUse)
    for kind, row in table_rows("locks"):
        assert kind != "lock" or row["kind"] in get_args(LockKind)
    for _, row in table_rows("containers"):
        assert row.get("kind", "mapping") in get_args(ContainerKind)
    for kind, row in table_rows("servers"):
        assert kind != "server" or row["kind"] in get_args(ServerKind)
    for kind, row in table_rows("entrypoints"):
        assert kind != "entry" or (row["kind"] in get_args(EntryKind) and row["runs"] in get_args(Runs))


def test_references_lead_somewhere(library: Models) -> None:
    for record in _connections():
        for identifier in [*record.methods.values(), *record.attributes.values()]:
            assert library.connection_by_id(identifier) is not None, (record.id, identifier)
    entries = tables.read("entrypoints")["entry"]
    for kind, row in table_rows("entrypoints"):
        assert kind in ("entry", "loop") or row["entry"] in entries
    for table in ("connections", "containers", "stores"):
        shapes = tables.read(table)["shape"]
        assert {row["shape"] for _, row in table_rows(table) if "shape" in row} == set(shapes)


def test_every_key_is_read() -> None:
    """A key that nothing reads is a slip of the pen."""
    modules = "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py")))
    keys = {key for _, _, row in every_row() for key in row} - {"lines", "files"}
    assert {key for key in keys if f'"{key}"' not in modules} == set()


def test_methods_that_change_a_container_are_told_apart(library: Models) -> None:
    for _, row in table_rows("containers"):
        for name in row.get("names", ()):
            found = library.container(name)
            if found is not None:
                assert found.grows | found.shrinks <= found.writes, name
                assert found.element_reads <= found.reads, name


def _connections() -> list[models.Connection]:
    library = models.load()
    found = [library.connection_by_id(row["id"]) for kind, row in table_rows("connections") if kind == "connection"]
    return [record for record in found if record is not None]


# --- connections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dotted", "keywords", "identifier"),
    [
        ("sqlite3.connect", (), "sqlite3.connect"),
        ("sqlite3.dbapi2.connect", ("timeout=5",), "sqlite3.connect"),
        ("sqlite3.connect", ("timeout=5", "check_same_thread=False"), "sqlite3.connect.shared"),
        ("sqlite3.connect", ("check_same_thread=True",), "sqlite3.connect"),
        ("redis.StrictRedis", (), "redis.Redis"),
        ("redis.client.Redis", ("single_connection_client=True",), "redis.Redis.single"),
        ("sqlalchemy.create_engine", (), "sqlalchemy.Engine"),
        ("sqlalchemy.create_engine", ("poolclass=StaticPool",), "sqlalchemy.Engine.static"),
        ("sqlalchemy.engine.create_engine", ("poolclass=sqlalchemy.pool.StaticPool",), "sqlalchemy.Engine.static"),
        ("sqlalchemy.create_engine", ("poolclass=QueuePool",), "sqlalchemy.Engine"),
        ("ldap3.Connection", ("client_strategy=ldap3.SAFE_SYNC",), "ldap3.Connection.safe"),
        ("ldap3.Connection", ("client_strategy='SAFE_SYNC'",), "ldap3.Connection.safe"),
        ("pymemcache.client.hash.HashClient", (), "pymemcache.HashClient"),
        ("pymemcache.client.hash.HashClient", ("use_pooling=True",), "pymemcache.PooledClient"),
        ("psycopg2.pool.AbstractConnectionPool", (), "psycopg2.pool.SimpleConnectionPool"),
        ("sqlmodel.Session", (), "sqlalchemy.Session"),
        ("cachetools.TTLCache", (), "cachetools.Cache"),
        ("requests.session", (), "requests.Session"),
    ],
)
def test_connection(library: Models, dotted: str, keywords: tuple[str, ...], identifier: str) -> None:
    found = some(library.connection(dotted, keywords))
    assert found.id == identifier


def test_what_a_connection_yields(library: Models) -> None:
    for made, method, share in [
        ("sqlite3.connect", "cursor", "no"),
        ("sqlalchemy.orm.sessionmaker", "__call__", "no"),
        ("sqlalchemy.orm.scoped_session", "__call__", "no"),
        ("sqlalchemy.create_engine", "begin", "no"),
        ("psycopg2.pool.ThreadedConnectionPool", "getconn", "depends"),
        ("boto3.Session", "client", "yes"),
        ("redis.Redis", "pipeline", "no"),
    ]:
        connection = some(library.connection(made))
        yielded = some(library.connection_by_id(connection.methods[method]))
        assert yielded.share == share, made
    database = some(library.connection("flask_sqlalchemy.SQLAlchemy"))
    assert database.attributes["session"] == "sqlalchemy.scoped_session"


def test_shared_http_sessions_leak_and_do_not_race(library: Models) -> None:
    for dotted in ("requests.Session", "httpx.Client"):
        found = some(library.connection(dotted))
        assert (found.share, found.category) == ("depends", "LEAK")
        assert "cookies" in found.user_state


def test_objects_that_keep_state_between_calls(library: Models) -> None:
    for dotted in ("markdown.Markdown", "markdown2.Markdown", "html.parser.HTMLParser", "cv2.VideoCapture"):
        found = some(library.connection(dotted))
        assert (found.share, found.category) == ("no", "CONN"), dotted
        assert found.kind in ("object", "device")


# --- locks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dotted", "first", "keywords", "excludes"),
    [
        ("threading.Lock", None, (), True),
        ("_thread.allocate_lock", None, (), True),
        ("threading.Semaphore", None, (), True),
        ("threading.Semaphore", "1", (), True),
        ("threading.BoundedSemaphore", "3", (), False),
        ("threading.Semaphore", "limit", (), False),
        ("threading.Semaphore", None, ("value=4",), False),
        ("threading.Semaphore", None, ("value=1",), True),
        ("filelock.FileLock", "path", (), True),
        ("filelock.FileLock", "path", ("thread_local = False",), False),
        ("fasteners.InterProcessLock", "path", (), False),
    ],
)
def test_lock(library: Models, dotted: str, first: str | None, keywords: tuple[str, ...], excludes: bool) -> None:
    found = some(library.lock(dotted, first, keywords))
    assert found.excludes is excludes


def test_kinds_of_locks(library: Models) -> None:
    reentrant, condition = some(library.lock("threading.RLock")), some(library.lock("threading.Condition"))
    loop, path = some(library.lock("asyncio.locks.Lock")), some(library.lock("redis.lock.Lock"))
    shared = some(library.lock("readerwriterlock.rwlock.RWLockFair"))
    assert reentrant.reentrant
    assert condition.wraps
    assert loop.asynchronous
    assert path.per_path
    assert shared.contexts == {"gen_rlock": "shared", "gen_wlock": "exclusive"}
    decorator = some(library.lock_decorator("wrapt.synchronized"))
    assert decorator.scope == "own"


# --- containers, stores, safe objects ---------------------------------------------------------------------------------


def test_containers(library: Models) -> None:
    mapping, queue = some(library.container("typing.Dict")), some(library.container("queue.PriorityQueue"))
    ring, timed = some(library.container("collections.deque")), some(library.container("cachetools.TTLCache"))
    assert {"get", "pop", "setdefault", "__getitem__"} <= mapping.element_reads
    assert "setdefault" in mapping.reads & mapping.writes
    assert mapping.iterates >= {"items", "keys", "values"}
    assert mapping.snapshots == {"copy"}
    assert queue.thread_safe
    assert not mapping.thread_safe
    assert "popleft" in ring.element_reads
    assert (ring.bound_keywords, ring.bound_position) == (("maxlen",), 1)
    assert timed.bounded
    assert timed.reads_write


def test_subclasses_are_found_by_their_base(library: Models) -> None:
    assert library.container("collections.Counter") != library.container("dict")
    assert library.container("cachetools.LFUCache") == library.container("cachetools.Cache")
    assert library.supertypes("apiflask.APIFlask") == ("flask.Flask",)
    assert library.ancestry("flask_admin.contrib.sqla.ModelView")[-1] == "flask_admin.BaseView"


def test_stores(library: Models) -> None:
    redis, cache = some(library.store("redis.StrictRedis")), some(library.store("flask_cache.Cache"))
    simple, proxy = (
        some(library.store("werkzeug.contrib.cache.SimpleCache")),
        some(library.store("multiprocessing.Manager().dict")),
    )
    assert {"get", "hget"} <= redis.reads
    assert {"set", "hset"} <= redis.writes
    assert {"incr", "setnx", "hincrby"} <= redis.atomic
    assert redis.external
    assert not simple.external
    assert cache.atomic == {"add"}
    assert "__setitem__" in proxy.writes


def test_safe_objects(library: Models) -> None:
    for dotted in ("threading.local", "contextvars.ContextVar", "werkzeug.LocalProxy", "sqlalchemy.orm.scoped_session"):
        assert library.local(dotted), dotted
    for dotted in ("queue.Queue", "logging.getLogger", "flask_sqlalchemy.SQLAlchemy", "itertools.count"):
        assert library.safe(dotted), dotted
        assert not library.local(dotted), dotted


def test_memoizers(library: Models) -> None:
    bounded, endless = some(library.memoizer("functools.lru_cache")), some(library.memoizer("functools.cache"))
    assert (bounded.bounded, bounded.bound_keyword) == (True, "maxsize")
    assert not endless.bounded


def test_process_state(library: Models) -> None:
    names = ("matplotlib.pyplot.plot", "os.environ", "stripe.api_key")
    pyplot, environment, key = (some(library.process_state(name)) for name in names)
    assert (pyplot.use, environment.use, key.use) == ("call", "item", "assign")
    assert key.secret


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("flask.app.Flask", "flask.Flask"),
        ("flask.globals.g", "flask.g"),
        ("flask.ext.login.LoginManager", "flask_login.LoginManager"),
        ("flask.ext.restplus.Resource", "flask_restx.Resource"),
        ("flask.signals.request_started", "flask.request_started"),
        ("builtins.dict", "dict"),
        ("sqlalchemy.orm.session.sessionmaker", "sqlalchemy.orm.sessionmaker"),
        ("werkzeug.contrib.cache.SimpleCache", "cachelib.SimpleCache"),
        ("shop.store.Cart", "shop.store.Cart"),
        ("", ""),
    ],
)
def test_canonical(library: Models, written: str, canonical: str) -> None:
    assert library.canonical(written) == canonical


@pytest.mark.parametrize(
    ("owner", "member", "result"),
    [
        ("multiprocessing.Manager", "dict", "multiprocessing.Manager().dict"),
        ("multiprocessing.managers.SyncManager", "Lock", "multiprocessing.Manager().Lock"),
        ("redis.Redis", "pipeline", "redis.Pipeline"),
        ("redis.Redis", "lock", "redis.lock.Lock"),
        ("apiflask.APIFlask", "config", "flask.Config"),
        ("flask.Flask", "extensions", "dict"),
        ("sqlalchemy.orm.sessionmaker", "__call__", "sqlalchemy.orm.Session"),
        ("flask_sqlalchemy.SQLAlchemy", "session", "sqlalchemy.orm.scoped_session"),
        ("dash.Dash", "server", "flask.Flask"),
        ("redis.Redis", "unheard_of", None),
    ],
)
def test_result(library: Models, owner: str, member: str, result: str | None) -> None:
    assert library.result(owner, member) == result


def test_functions_and_objects_of_libraries(library: Models) -> None:
    assert library.returns("redis.from_url") == "redis.Redis"
    assert library.returns("sqlite3.connect") == "sqlite3.Connection"
    assert library.returns("redis.Redis") is None
    assert library.instance("flask.globals.current_app") == "flask.Flask"
    assert library.proxies["flask.g"] == library.proxies["flask_login.current_user"] == "request"
    assert library.proxies["flask.session"] == "session"
    assert library.proxies["flask.current_app"] == "app"
    assert library.request_data("flask_jwt_extended.get_jwt_identity")


# --- entry points -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "method", "kind", "runs"),
    [
        ("flask.Flask", "route", "route", "request"),
        ("flask.blueprints.Blueprint", "before_request", "hook", "request"),
        ("flask_openapi3.OpenAPI", "get", "route", "request"),
        ("flask_smorest.Blueprint", "before_app_request", "hook", "request"),
        ("flask.Flask", "before_first_request", "hook", "once"),
        ("flask.Flask", "template_filter", "template", "request"),
        ("flask_socketio.SocketIO", "on", "socket", "request"),
        ("dash.Dash", "callback", "callback", "request"),
        ("", "dash.callback", "callback", "request"),
        ("", "flask.ctx.after_this_request", "hook", "request"),
        ("flask_login.LoginManager", "user_loader", "hook", "request"),
        ("flask_restx.Namespace", "route", "route", "request"),
        ("flask.cli.AppGroup", "command", "cli", "cli"),
        ("celery.app.base.Celery", "task", "other-process", "other-process"),
        ("blinker.NamedSignal", "connect_via", "signal", "request"),
    ],
)
def test_decorator(library: Models, owner: str, method: str, kind: str, runs: str) -> None:
    entry = some(library.decorator(owner, method))
    assert (entry.kind, entry.runs) == (kind, runs)


@pytest.mark.parametrize(
    ("owner", "method", "positions", "keyword", "repeated"),
    [
        ("flask.Flask", "add_url_rule", (2,), "view_func", True),
        ("flask.Blueprint", "before_request", (0,), "f", True),
        ("", "threading.Thread", (1,), "target", False),
        ("", "threading.Timer", (1,), "function", False),
        ("concurrent.futures.thread.ThreadPoolExecutor", "submit", (0,), "fn", True),
        ("flask_socketio.SocketIO", "start_background_task", (0,), "target", False),
        ("apscheduler.schedulers.background.BackgroundScheduler", "add_job", (0,), "func", False),
        ("flask_apscheduler.APScheduler", "add_job", (1,), "func", False),
        ("flask_restful.Api", "add_resource", (0,), "resource", True),
        ("asyncio.AbstractEventLoop", "run_in_executor", (1,), "func", True),
    ],
)
def test_call(
    library: Models, owner: str, method: str, positions: tuple[int, ...], keyword: str, repeated: bool
) -> None:
    call = some(library.call(owner, method))
    assert call.positions == positions
    assert keyword in call.keywords
    assert call.entry.repeated is repeated


def test_where_a_callable_gets_its_arguments(library: Models) -> None:
    thread, submit = some(library.call("", "threading.Thread")), some(library.call("", "gevent.spawn"))
    assert (thread.passes, submit.passes) == ("args", "rest")


@pytest.mark.parametrize(
    ("dotted", "method", "shared"),
    [
        ("flask.views.MethodView", "get", False),
        ("flask_restplus.Resource", "post", False),
        ("flask_admin.contrib.sqla.ModelView", "@expose", True),
        ("flask_appbuilder.views.ModelView", "pre_add", True),
        ("flask_classy.FlaskView", "*", True),
        ("flask_socketio.Namespace", "on_*", True),
        ("threading.Thread", "run", False),
        ("werkzeug.routing.PathConverter", "to_python", True),
        ("flask_wtf.FlaskForm", "validate_*", False),
    ],
)
def test_base(library: Models, dotted: str, method: str, shared: bool) -> None:
    base = some(library.base(dotted))
    assert method in base.methods
    assert base.shared is shared


def test_a_view_may_be_told_to_share_its_instance(library: Models) -> None:
    view, handler = some(library.base("flask.views.View")), some(library.base("logging.StreamHandler"))
    assert view.shared_if == "init_every_request=False"
    assert handler.serialised == ("emit",)


def test_methods_of_receivers_of_unknown_type(library: Models) -> None:
    assert library.by_method_name["before_request"].entry.kind == "hook"
    assert library.by_method_name["route"].path_first
    assert library.by_method_name["callback"].imports == "dash"
    assert library.call_by_method_name["add_url_rule"].positions == (2,)
    assert "on" not in {name for name, named in library.by_method_name.items() if not named.imports}


def test_assigned_callables(library: Models) -> None:
    assert library.assigned("flask.Flask", "view_functions") == library.decorator("flask.Flask", "route")
    assert library.assigned("jinja2.Environment", "filters") == library.decorator("flask.Flask", "template_filter")


# --- calls and servers ------------------------------------------------------------------------------------------------


def test_calls(library: Models) -> None:
    for dotted in ("time.sleep", "requests.get", "requests.api.post", "open", "builtins.open", "subprocess.run"):
        assert library.blocking(dotted), dotted
    assert not library.blocking("len")
    assert not library.blocking("requestsfoo.get")
    assert library.blocking_method("commit")
    assert not library.blocking_method("get")
    assert not library.call_switches("len")
    assert library.call_switches("str")


def test_servers(library: Models) -> None:
    for identifier, kind, threads in [
        ("waitress", "threads", 4),
        ("gunicorn", "single", 1),
        ("cheroot", "threads", 10),
    ]:
        server = some(library.servers.by_id(identifier))
        assert (server.kind, server.threads, server.workers) == (kind, threads, 1)
    assert library.servers.by_id("nobody") is None
    for file in library.servers.files:
        assert file.patterns
        assert file.format in get_args(FileFormat)
        assert (file.format == "presence") == bool(library.servers.by_id(file.server))
        for line in file.lines:
            assert file.format in ("manifest", "presence") or "command" in re.compile(line).groupindex


def test_the_deployment_lines_match_real_ones(library: Models) -> None:
    lines = {pattern: file.lines for file in library.servers.files for pattern in file.patterns}
    for pattern, text, group, value in [
        ("*.conf", "  WSGIDaemonProcess shop threads=5", "command", "WSGIDaemonProcess shop threads=5"),
        ("*.sh", "exec gosu www /v/gunicorn shop:app", "command", "/v/gunicorn shop:app"),
        ("*.sh", "exec gunicorn shop:app", "command", "gunicorn shop:app"),
    ]:
        found = [match for line in lines[pattern] if (match := re.match(line, text))]
        assert [match[group] for match in found] == [value], text


# --- unknown names, and the user's own --------------------------------------------------------------------------------


@pytest.mark.parametrize("dotted", ["shop.store.Cart", "", "sqlite3", "redis", "flask.unheard_of"])
def test_unknown_names(library: Models, dotted: str) -> None:
    assert library.connection(dotted) is None
    assert library.connection_by_id(f"{dotted}?") is None
    assert library.lock(dotted) is None
    assert library.lock_decorator(dotted) is None
    assert library.container(dotted) is None
    assert library.memoizer(dotted) is None
    assert library.store(dotted) is None
    assert library.safe(dotted) is None
    assert not library.local(dotted)
    assert library.process_state(dotted) is None
    assert library.base(dotted) is None
    assert library.decorator(dotted, "route") is None
    assert library.decorator("", dotted) is None
    assert library.call(dotted, "add_url_rule") is None
    assert library.supertypes(dotted) == ()
    assert library.result(dotted, "get") is None
    assert not library.blocking(dotted)


def test_the_library_models_are_loaded_once() -> None:
    assert models.load() is models.load(None)
    assert models.load() is models.load({})


EXTRA: dict[str, Any] = {
    "entry-points": {
        "decorators": {"shop.web.page": "route", "shop.bus.Bus#on": "socket"},
        "base-classes": {"shop.web.Handler": {"methods": ["handle"], "shared": True}, "shop.web.Form": "hook"},
        "calls": ["shop.bus.Bus#subscribe"],
    },
    "locks": {"shop.sync.TableLock": {"reentrant": True, "per-path": True}, "shop.sync.Gate": "rlock"},
    "connections": {
        "shop.db.connect": "no",
        "shop.lab.Scope": {"share": "depends", "kind": "device", "why": "it has one probe", "remedy": "queue"},
        "sqlite3.connect": "yes",
    },
    "thread-safe": ["shop.metrics.Registry"],
}


def test_the_users_tables() -> None:
    mine = models.load(EXTRA)
    assert mine.decorator("", "shop.web.page") == Entry("route", "request", True)
    assert mine.decorator("shop.bus.Bus", "on") == Entry("socket", "request", True)
    call = some(mine.call("shop.bus.Bus", "subscribe"))
    assert (call.entry.kind, call.positions[0]) == ("callback", 0)
    handler, form = some(mine.base("shop.web.Handler")), some(mine.base("shop.web.Form"))
    assert (handler.methods, handler.shared) == (("handle",), True)
    assert form.entry.kind == "hook"
    assert "get" in form.methods
    lock, gate = some(mine.lock("shop.sync.TableLock")), some(mine.lock("shop.sync.Gate", "2"))
    assert (lock.reentrant, lock.per_path, lock.excludes) == (True, True, True)
    assert (gate.reentrant, gate.excludes) == (True, True)
    connection, scope = (
        some(mine.connection("shop.db.connect", ("timeout=1",))),
        some(mine.connection("shop.lab.Scope")),
    )
    assert (connection.share, connection.category, connection.id) == ("no", "CONN", "shop.db.connect")
    assert connection.why
    assert connection.remedy
    assert (scope.kind, scope.why, scope.remedy) == ("device", "it has one probe", "queue")
    assert mine.connection_by_id("shop.lab.Scope") is scope
    assert mine.safe("shop.metrics.Registry")


def test_the_users_tables_add_to_the_library_and_win() -> None:
    mine = models.load(EXTRA)
    own, other = some(mine.connection("sqlite3.connect")), some(models.load().connection("sqlite3.connect"))
    assert (own.share, other.share) == ("yes", "no")
    assert mine.lock("threading.Lock") == models.load().lock("threading.Lock")
    assert mine.decorator("flask.Flask", "route") is not None
    assert models.load().decorator("", "shop.web.page") is None


def test_lists_of_names_are_enough() -> None:
    mine = models.load(
        {
            "entry-points": {"decorators": ["shop.page"], "base-classes": ["shop.Page"]},
            "locks": ["shop.Lock"],
            "connections": ["shop.connect"],
            "thread-safe": {"shop.Registry": "it takes a lock"},
        }
    )
    decorator, base, connection = (
        some(mine.decorator("", "shop.page")),
        some(mine.base("shop.Page")),
        some(mine.connection("shop.connect")),
    )
    assert decorator.kind == base.entry.kind == "route"
    assert connection.share == "no"
    assert mine.lock("shop.Lock") is not None
    assert mine.safe("shop.Registry") == "it takes a lock"


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"lock": []}, "the configuration has no key 'lock'; the nearest known one is 'locks'."),
        ({"locks": 3}, "locks must be a list of dotted names or a table of them, not a number."),
        ({"locks": "shop.Lock"}, "locks must be a list of dotted names or a table of them, not a string."),
        ({"locks": ["shop lock"]}, "locks must hold dotted names such as 'package.module.name', not 'shop lock'."),
        ({"locks": {"shop.Lock": {"kind": "lok"}}}, "locks.shop.Lock.kind must be one of"),
        ({"locks": {"shop.Lock": {"reentrant": 1}}}, "locks.shop.Lock.reentrant must be true or false, not 1."),
        ({"locks": {"shop.Lock": 1}}, "locks.shop.Lock must be a table, not a number."),
        ({"connections": {"shop.connect": "maybe"}}, "connections.shop.connect.share must be one of no, depends, yes"),
        ({"connections": {"shop.connect": {"shared": "no"}}}, "has no key 'shared'; the nearest known one is 'share'."),
        ({"connections": {"shop.connect": {"why": 1}}}, "connections.shop.connect.why must be a string, not a number."),
        ({"entry-points": ["shop.page"]}, "entry-points must be a table, not a list."),
        ({"entry-points": {"decorator": []}}, "the nearest known one is 'decorators'."),
        ({"entry-points": {"decorators": {"shop.page": "rout"}}}, "the nearest known one is 'route'."),
        (
            {"entry-points": {"base-classes": {"shop.Page": {"methods": "get"}}}},
            "entry-points.base-classes.shop.Page.methods must be a list of strings, not a string.",
        ),
        ({"thread-safe": {"shop.Registry": 1}}, "thread-safe.shop.Registry must be a string, not a number."),
        ({"thread-safe": [1]}, "thread-safe must hold dotted names such as 'package.module.name', not 1."),
    ],
)
def test_wrong_tables_are_refused_in_one_sentence(extra: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        models.load(extra)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
