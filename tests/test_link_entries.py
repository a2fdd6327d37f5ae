"""What runs while requests are served, what runs beside it, and what only runs before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_link_cases import case, differences


def decorated(name: str, decorator: str, *, setup: str = "", open_because: str = "") -> Any:
    """A function that updates a shared place, under a decorator that makes it an entry point."""
    text = f"""
{setup}

n = {{"a": 0}}

@{decorator}
def on(*args, **kwargs):
    n["a"] = n["a"] + 1  # want: FGL101
    return "on"
"""
    return case(name, text, open_because=open_because)


def registered(name: str, registration: str, *, imports: str = "", open_because: str = "") -> Any:
    """``on`` updates a shared place; the registration makes it an entry point."""
    text = f"""
{imports}

n = {{"a": 0}}

def on(*args, **kwargs):
    n["a"] = n["a"] + 1  # want: FGL101
    return "on"

{registration}
"""
    return case(name, text, open_because=open_because)


def ignored(name: str, registration: str, *, imports: str = "") -> Any:
    """``on`` updates a shared place; what is done with it makes it no entry point."""
    text = f"""
{imports}

n = {{"a": 0}}

def on(*args, **kwargs):
    n["a"] = n["a"] + 1
    return "on"

{registration}

@app.get("/")
def show():
    return n
"""
    return case(name, text)


REQUESTS = [
    decorated("route", 'app.route("/")'),
    decorated("post", 'app.post("/")'),
    decorated("endpoint", 'app.endpoint("on")'),
    decorated("errorhandler", "app.errorhandler(404)"),
    decorated("before_request", "app.before_request"),
    decorated("after_request", "app.after_request"),
    decorated("teardown_request", "app.teardown_request"),
    decorated("teardown_appcontext", "app.teardown_appcontext"),
    decorated("url_value_preprocessor", "app.url_value_preprocessor"),
    decorated("context_processor", "app.context_processor"),
    decorated("template_filter", 'app.template_filter("on")'),
    decorated("template_filter without a name", "app.template_filter"),
    decorated("template_global", "app.template_global()"),
    decorated("template_test", "app.template_test()"),
    decorated(
        "blueprint route",
        'bp.route("/")',
        setup="""
from flask import Blueprint

bp = Blueprint("bp", __name__)
outer = Blueprint("outer", __name__)
outer.register_blueprint(bp)
app.register_blueprint(outer)
""",
    ),
    decorated(
        "blueprint hook", "bp.before_app_request", setup='from flask import Blueprint\nbp = Blueprint("bp", __name__)'
    ),
    decorated(
        "signal by connect_via", "template_rendered.connect_via(app)", setup="from flask import template_rendered"
    ),
    decorated(
        "signal of one's own under a decorator",
        "paid.connect",
        setup='from blinker import Namespace\npaid = Namespace().signal("paid")',
    ),
    decorated(
        "login user_loader",
        "login.user_loader",
        setup="from flask_login import LoginManager\nlogin = LoginManager(app)",
    ),
    decorated("socketio on", 'sio.on("x")', setup="from flask_socketio import SocketIO\nsio = SocketIO(app)"),
    decorated(
        "a route of a cached view",
        'app.get("/")\n@cache.cached()',
        setup="from flask_caching import Cache\ncache = Cache(app)",
    ),
    registered(
        "route called by hand",
        'app.route("/")(on)',
    ),
    registered(
        "errorhandler called by hand",
        "app.errorhandler(404)(on)",
    ),
    registered(
        "socketio on called by hand",
        'sio = SocketIO(app)\nsio.on("x")(on)',
        imports="from flask_socketio import SocketIO",
    ),
    registered("add_url_rule by keyword", 'app.add_url_rule("/", view_func=on)'),
    registered("add_url_rule by position", 'app.add_url_rule("/", "on", on)'),
    registered("view_functions", 'app.add_url_rule("/", "on")\napp.view_functions["on"] = on'),
    registered("before_request called by hand", "app.before_request(on)"),
    registered("register_error_handler", "app.register_error_handler(404, on)"),
    registered("add_template_filter", 'app.add_template_filter(on, "on")'),
    registered("jinja filters", 'app.jinja_env.filters["on"] = on'),
    registered("jinja globals", 'app.jinja_env.globals["on"] = on'),
    registered(
        "jinja globals by update",
        "app.jinja_env.globals.update(on=on)",
    ),
    registered(
        "given to all templates",
        """
@app.context_processor
def names():
    return {"on": on}
""",
    ),
    registered(
        "given to one template",
        """
@app.get("/")
def home():
    return render_template("home.html", on=on)
""",
        imports="from flask import render_template",
        open_because="a function among render_template's arguments is not known to be called by the template",
    ),
    registered(
        "before_request_funcs",
        "app.before_request_funcs.setdefault(None, []).append(on)",
    ),
    registered(
        "after_this_request",
        """
@app.get("/")
def home():
    after_this_request(on)
    return "home"
""",
        imports="from flask import after_this_request",
    ),
    registered(
        "call_on_close",
        """
@app.get("/")
def home():
    made = Response("home")
    made.call_on_close(on)
    return made
""",
        imports="from flask import Response",
    ),
    registered(
        "signal by connect",
        "template_rendered.connect(on, app)",
        imports="from flask import template_rendered",
    ),
    registered(
        "signal of one's own",
        'paid = Namespace().signal("paid")\npaid.connect(on)',
        imports="from blinker import Namespace",
    ),
    registered("signal by name", 'signal("paid").connect(on)', imports="from blinker import signal"),
    registered(
        "socketio on_event", 'sio = SocketIO(app)\nsio.on_event("x", on)', imports="from flask_socketio import SocketIO"
    ),
    case(
        "a decorator of one's own around a view",
        """
import functools

n = {"a": 0}

def login_required(view):
    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        n["a"] = n["a"] + 1  # want: FGL101
        return view(*args, **kwargs)

    return wrapper

@app.get("/")
@login_required
def home():
    n["b"] = n.get("b", 0) + 1  # want: FGL101
    return "home"
""",
    ),
    case(
        "a decorator of one's own that registers",
        """
n = {"a": 0}

def page(rule):
    def register(view):
        app.add_url_rule(rule, view.__name__, view)
        return view

    return register

@page("/")
def home():
    n["a"] = n["a"] + 1  # want: FGL101
    return "home"
""",
    ),
    case(
        "a blueprint subclass with a decorator",
        """
from pages import section

n = {"a": 0}

@section.page("/")
def home():
    n["a"] = n["a"] + 1  # want: FGL101
    return "home"

@section.label("home")
def helper():
    n["a"] = n["a"] + 1

app.register_blueprint(section)
# file: pages.py
from flask import Blueprint

class Section(Blueprint):
    labels = []

    def page(self, rule):
        def register(view):
            self.add_url_rule(rule, view.__name__, view)
            return view

        return register

    def label(self, name):
        def keep(function):
            self.labels.append(name)
            return function

        return keep

section = Section("section", __name__)
""",
    ),
    case(
        "routes from a table",
        """
n = {"a": 0}

def home():
    n["a"] = n["a"] + 1  # want: FGL101
    return "home"

def about():
    n["b"] = n.get("b", 0) + 1  # want: FGL101
    return "about"

for rule, view in (("/", home), ("/about", about)):
    app.add_url_rule(rule, view.__name__, view)
""",
    ),
    case(
        "routes from a table with a name",
        """
n = {"a": 0}

def home():
    n["a"] = n["a"] + 1  # want: FGL101
    return "home"

PAGES = [("/", home)]
for rule, view in PAGES:
    app.add_url_rule(rule, view_func=view)
""",
    ),
    case(
        "a method as a view",
        """
class Pages:
    def __init__(self):
        self.n = 0

    def home(self):
        self.n += 1  # want: FGL101
        return "home"

pages = Pages()
app.add_url_rule("/", view_func=pages.home)
""",
    ),
    case(
        "an object that registers its own methods",
        """
class Pages:
    def __init__(self, owner):
        self.n = 0
        owner.add_url_rule("/", view_func=self.home)
        owner.before_request(self.before)

    def home(self):
        self.n += 1  # want: FGL101
        return "home"

    def before(self):
        self.n -= 1  # want: FGL101

    def unused(self):
        self.n += 1

Pages(app)
""",
    ),
    case(
        "an extension with init_app",
        """
from ext import Meter

meter = Meter()
meter.init_app(app)
# file: ext.py
class Meter:
    def __init__(self, app=None):
        self.n = 0
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        app.extensions["meter"] = self
        app.after_request(self._count)

    def _count(self, response):
        self.n += 1  # want: FGL101
        return response
""",
    ),
    case(
        "a WSGI middleware",
        """
class Middleware:
    def __init__(self, inner):
        self.inner = inner
        self.n = 0

    def __call__(self, environ, start_response):
        self.n += 1  # want: FGL101
        return self.inner(environ, start_response)

app.wsgi_app = Middleware(app.wsgi_app)
""",
    ),
    case(
        "a subclass of Flask",
        """
class Shop(Flask):
    served = 0

    def full_dispatch_request(self):
        self.served += 1  # want: FGL101
        return super().full_dispatch_request()

shop = Shop(__name__)
""",
    ),
    case(
        "an async view",
        """
n = {"a": 0}

@app.get("/")
async def home():
    n["a"] = n["a"] + 1  # want: FGL101
    return "home"
""",
    ),
]

VIEWS = [
    case(
        "a view's instance is the request's",
        """
from flask.views import MethodView

class Home(MethodView):
    def __init__(self):
        self.n = 0

    def get(self):
        self.n += 1
        return "home"

app.add_url_rule("/", view_func=Home.as_view("home"))
""",
    ),
    case(
        "a view with one instance",
        """
from flask.views import MethodView

class Home(MethodView):
    init_every_request = False

    def __init__(self):
        self.n = 0

    def get(self):
        self.n += 1  # want: FGL101
        return "home"

app.add_url_rule("/", view_func=Home.as_view("home"))
""",
    ),
    case(
        "a view with one instance by its base",
        """
from base import Once

class Home(Once):
    def dispatch_request(self):
        self.n = self.n + 1  # want: FGL101
        return "home"

app.add_url_rule("/", view_func=Home.as_view("home"))
# file: base.py
from flask.views import View

class Once(View):
    init_every_request = False

    def __init__(self):
        self.n = 0
""",
    ),
    case(
        "what as_view passes to every instance",
        """
from flask.views import View

class Box:
    def __init__(self):
        self.n = 0

box = Box()

class Home(View):
    def __init__(self, box, own):
        self.box = box
        self.steps = 0

    def dispatch_request(self):
        self.steps += 1
        self.box.n += 1  # want: FGL101
        return "home"

app.add_url_rule("/", view_func=Home.as_view("home", box, own=1))
""",
    ),
    case(
        "what a decorators list wraps",
        """
import functools
from flask.views import MethodView

n = {"a": 0}

def counted(view):
    @functools.wraps(view)
    def wrapper(*args, **kwargs):
        n["a"] = n["a"] + 1  # want: FGL101
        return view(*args, **kwargs)

    return wrapper

class Home(MethodView):
    decorators = [counted]

    def get(self):
        return "home"

app.add_url_rule("/", view_func=Home.as_view("home"))
""",
        open_because="the `decorators` of a view class are not applied to its methods",
    ),
    case(
        "a resource with keyword arguments",
        """
from flask_restful import Api, Resource

class Box:
    def __init__(self):
        self.n = 0

class Home(Resource):
    def __init__(self, **kwargs):
        self.box = kwargs["box"]
        self.steps = 0

    def get(self):
        self.steps += 1
        self.box.n += 1  # want: FGL101
        return "home"

api = Api(app)
api.add_resource(Home, "/", resource_class_kwargs={"box": Box()})
""",
    ),
    case(
        "a resource with a named parameter",
        """
from flask_restful import Api, Resource

class Box:
    def __init__(self):
        self.n = 0

box = Box()

class Home(Resource):
    def __init__(self, box):
        self.box = box

    def get(self):
        self.box.n += 1  # want: FGL101
        return "home"

api = Api(app)
api.add_resource(Home, "/", resource_class_kwargs={"box": box})
""",
    ),
]

BESIDE = [
    registered(
        "a callback of an MQTT client beside a request",
        """
client = mqtt.Client()
client.on_message = on
client.loop_start()

@app.post("/")
def home():
    n["a"] = 0
    return "home"
""",
        imports="import paho.mqtt.client as mqtt",
    ),
    case(
        "a method that a client calls back",
        """
import paho.mqtt.client as mqtt

class Station:
    def __init__(self):
        self.seen = 0
        client = mqtt.Client()
        client.on_message = self.on_message
        client.loop_start()

    def on_message(self, client, userdata, message):
        self.seen = self.seen + len(message.payload)  # want: FGL101

station = Station()

@app.post("/")
def home():
    station.seen = 0
    return "home"
""",
    ),
    case(
        "a thread that is given a shared object by keyword",
        """
class Job:
    def __init__(self):
        self.left = 0

job = Job()

def work(first, job=None):
    job.left = max(job.left - 1, 0)  # want: FGL101

@app.post("/")
def start():
    threading.Thread(target=work, args=(1,), kwargs={"job": job}).start()
    return "ok"
""",
    ),
    registered(
        "a thread beside a request",
        """
threading.Thread(target=on).start()

@app.post("/")
def home():
    n["a"] = 0
    return "home"
""",
    ),
    registered(
        "a daemon thread of a request",
        """
@app.post("/")
def home():
    threading.Thread(target=on, daemon=True).start()
    return "home"
""",
    ),
    registered(
        "a timer beside a request",
        """
threading.Timer(5, on).start()

@app.post("/")
def home():
    n["a"] = 0
    return "home"
""",
    ),
    registered(
        "a pool",
        """
pool = ThreadPoolExecutor()

@app.post("/")
def home():
    pool.submit(on)
    return "home"
""",
        imports="from concurrent.futures import ThreadPoolExecutor",
    ),
    registered(
        "a pool's map",
        """
pool = ThreadPoolExecutor()

@app.post("/")
def home():
    pool.map(on, [1, 2])
    return "home"
""",
        imports="from concurrent.futures import ThreadPoolExecutor",
    ),
    registered(
        "a scheduler's job beside a request",
        """
jobs = BackgroundScheduler()
jobs.add_job(on, "interval", seconds=5)

@app.post("/")
def home():
    n["a"] = 0
    return "home"
""",
        imports="from apscheduler.schedulers.background import BackgroundScheduler",
    ),
    registered(
        "a future's callback",
        """
pool = ThreadPoolExecutor()

@app.post("/")
def home():
    pool.submit(print).add_done_callback(on)
    return "home"
""",
        imports="from concurrent.futures import ThreadPoolExecutor",
    ),
    registered(
        "socketio's background task",
        """
sio = SocketIO(app)

@app.post("/")
def home():
    sio.start_background_task(on)
    return "home"
""",
        imports="from flask_socketio import SocketIO",
    ),
    case(
        "the run method of a thread subclass",
        """
class Worker(threading.Thread):
    def __init__(self):
        super().__init__()
        self.left = 0

    def run(self):
        while True:
            self.left = max(self.left - 1, 0)  # want: FGL101

worker = Worker()
worker.start()

@app.post("/")
def add():
    worker.left += 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a thread whose target is a method of a shared object",
        """
class Queue:
    def __init__(self):
        self.left = 0
        threading.Thread(target=self._drain, daemon=True).start()

    def _drain(self):
        while True:
            self.left = max(self.left - 1, 0)  # want: FGL101

    def add(self):
        self.left += 1  # want: FGL101

queue = Queue()

@app.post("/")
def add():
    queue.add()
    return "ok"
""",
    ),
    case(
        "a thread that is given a shared object",
        """
class Box:
    def __init__(self):
        self.n = 0

box = Box()

def drain(one):
    one.n = max(one.n - 1, 0)  # want: FGL101

threading.Thread(target=drain, args=(box,)).start()

@app.post("/")
def add():
    box.n += 1  # want: FGL101
    return "ok"
""",
    ),
    case(
        "a lambda as a thread's target",
        """
n = {"a": 0}

def drain(amount):
    n["a"] = n["a"] - amount  # want: FGL101

threading.Thread(target=lambda: drain(1)).start()

@app.post("/")
def add():
    n["a"] = 0
    return "ok"
""",
    ),
    case(
        "a generator that is streamed",
        """
from flask import Response

n = {"a": 0}

@app.get("/")
def home():
    def lines():
        n["a"] = n["a"] + 1  # want: FGL101
        yield "line"

    return Response(lines(), mimetype="text/plain")
""",
    ),
    case(
        "a generator function of another module that the view returns",
        """
from lines import lines

@app.get("/")
def home():
    return lines(), 200
# file: lines.py
n = {"a": 0}

def lines():
    n["a"] = n["a"] + 1  # want: FGL101
    yield "line"
""",
    ),
]

NOTHING_RUNS = [
    case(
        "what the constructor of a view makes for each request",
        """
from flask.views import View

class Box:
    def __init__(self):
        self.n = 0

class Home(View):
    def __init__(self, limit):
        self.box = Box()
        self.limit = limit

    def dispatch_request(self):
        self.box.n += 1
        return str(self.box.n < self.limit)

app.add_url_rule("/", view_func=Home.as_view("home", 3))
""",
    ),
    ignored(
        "an attribute of that name on an object of the project",
        "class Client: pass\n\nclient = Client()\nclient.on_message = on",
    ),
    ignored(
        "a list of that name that is no application's",
        "class Plan: pass\n\nplan = Plan()\nplan.before_request_funcs = []\nplan.before_request_funcs.append(on)",
    ),
    case(
        "a thread that is given an object of its own by keyword",
        """
class Job:
    def __init__(self):
        self.left = 0

def work(first, job=None):
    job.left = max(job.left - 1, 0)

@app.post("/")
def start():
    threading.Thread(target=work, args=(1,), kwargs={"job": Job()}).start()
    return "ok"
""",
    ),
    ignored(
        "a table of rows whose functions nobody registers",
        'rows = [("/", on)]\nfor rule, view in rows:\n    app.add_url_rule(rule, view_func=lambda: rule)',
    ),
    ignored("a decorator of the project called by hand", "def mark(name):\n    return lambda f: f\n\nmark('x')(on)"),
    ignored(
        "a table that is no environment's", 'tables = Flask("t")\ntables.globals = {}\ntables.globals.update(on=on)'
    ),
    ignored("nobody calls it", ""),
    ignored("called at import", "on()"),
    ignored(
        "called in a loop at import",
        """
for _ in range(3):
    on()
""",
    ),
    ignored(
        "called where the file is run",
        """
if __name__ == "__main__":
    on()
    app.run()
""",
    ),
    ignored(
        "called by the app factory",
        """
def create_app():
    made = Flask(__name__)
    on()
    return made
""",
    ),
    ignored("a command", 'app.cli.command("on")(on)'),
    ignored("a command of click", "click.command()(on)", imports="import click"),
    ignored("a shell context", "app.shell_context_processor(on)"),
    ignored("a thread that is alone", "threading.Thread(target=on).start()"),
    ignored("at exit", "atexit.register(on)", imports="import atexit"),
    ignored("another process", "Process(target=on).start()", imports="from multiprocessing import Process"),
    ignored("a task of Celery", "Celery().task(on)", imports="from celery import Celery"),
    ignored(
        "kept in a table that nobody calls",
        """
TABLE = {}
TABLE['on'] = on
""",
    ),
    ignored(
        "a method called route of something else",
        """
class Map:
    def route(self, name):
        return lambda function: function

map_ = Map()
map_.route("x")(on)
""",
    ),
    ignored(
        "recorded by a blueprint",
        """
bp = Blueprint("bp", __name__)
bp.record_once(on)
""",
        imports="from flask import Blueprint",
    ),
    ignored(
        "under the app context",
        """
with app.app_context():
    on()
""",
    ),
    ignored(
        "a test client's caller",
        """
def test_on():
    on()
    app.test_client().get('/')
""",
    ),
    case(
        "a registry that decorators fill",
        """
REGISTRY = {}
order = 0

def register(name):
    def keep(function):
        global order
        order += 1
        if name in REGISTRY:
            raise ValueError(name)
        REGISTRY[name] = function
        return function

    return keep

@register("a")
def a():
    return "a"

@app.get("/<name>")
def home(name):
    return REGISTRY[name]()
""",
    ),
    case(
        "what the thread alone changes",
        """
state = {"rounds": 0}

def work():
    while True:
        state["rounds"] = state["rounds"] + 1

threading.Thread(target=work).start()

@app.get("/")
def home():
    return {"rounds": state["rounds"]}
""",
    ),
    case(
        "an object that only the request's thread has",
        """
class Job:
    def __init__(self):
        self.n = 0

    def run(self):
        self.n += 1

@app.post("/")
def home():
    threading.Thread(target=Job().run).start()
    return "ok"
""",
    ),
]


GIVEN = """
%s
last = None

%s
def hook(given):
    global last
    last = given%s

@app.get("/")
def home():
    return str(last)
"""
LOGIN = "from flask_login import LoginManager\nmanager = LoginManager(app)\n"

TOLD = [
    case("the user of one request", GIVEN % (LOGIN, "@manager.user_loader", "  # want: FGL301")),
    case("the answer of one request", GIVEN % ("", "@app.after_request", "  # want: FGL301")),
    case("the last error", GIVEN % ("", "@app.errorhandler(500)", "")),
    case("the error at the end of a request", GIVEN % ("", "@app.teardown_request", "")),
]


@pytest.mark.parametrize("files", TOLD)
def test_what_hooks_are_told(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", REQUESTS)
def test_what_requests_run(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", VIEWS)
def test_class_based_views(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", BESIDE)
def test_what_runs_beside_requests(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []


@pytest.mark.parametrize("files", NOTHING_RUNS)
def test_what_no_request_runs(files: dict[str, str], tmp_path: Path) -> None:
    assert differences(files, tmp_path) == []
