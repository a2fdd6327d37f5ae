"""Functions that libraries call: each of these programs changes shared state in one, beside a request or by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from flaskglobals_lint.config import Config
from flaskglobals_lint.lint import lint

HEAD = """\
from flask import Blueprint, Flask

app = Flask(__name__)
counts = {}


def bump(key):
    counts[key] = counts.get(key, 0) + 1


"""

BESIDE = """

@app.route("/reset")
def reset():
    counts["a"] = 0
    return "done"
"""

CONFIG = Config(min_severity="info", cache=False, jobs=1, select=("FGL101",))

RACES = {
    "restful": """
from flask_restful import Api, Resource
api = Api(app)
class R(Resource):
    def get(self):
        bump("a")
        return {}
api.add_resource(R, "/r")
""",
    "restx": """
from flask_restx import Namespace, Resource, Api
ns = Namespace("x")
@ns.route("/r")
class R(Resource):
    def get(self):
        bump("a")
""",
    "smorest": """
from flask_smorest import Blueprint as SB, Api
from flask.views import MethodView
blp = SB("pets", __name__)
@blp.route("/")
class Pets(MethodView):
    @blp.response(200)
    def get(self):
        bump("a")
""",
    "smorest_fn": """
from flask_smorest import Blueprint as SB
blp = SB("pets", __name__)
@blp.route("/x")
@blp.arguments(S)
def pets(args):
    bump("a")
""",
    "login": """
from flask_login import LoginManager
lm = LoginManager(app)
@lm.user_loader
def load(uid):
    bump("a")
""",
    "jwt": """
from flask_jwt_extended import JWTManager
jwt = JWTManager(app)
@jwt.user_lookup_loader
def load(h, p):
    bump("a")
""",
    "httpauth": """
from flask_httpauth import HTTPBasicAuth
auth = HTTPBasicAuth()
@auth.verify_password
def verify(u, p):
    bump("a")
""",
    "socketio": """
from flask_socketio import SocketIO
s = SocketIO(app)
@s.on("x")
def x(d):
    bump("a")
""",
    "socketio_ns": """
from flask_socketio import SocketIO, Namespace
s = SocketIO(app)
class N(Namespace):
    def on_thing(self, d):
        bump("a")
s.on_namespace(N("/t"))
""",
    "sock": """
from flask_sock import Sock
sock = Sock(app)
@sock.route("/e")
def echo(ws):
    bump("a")
""",
    "admin": """
from flask_admin import Admin, BaseView, expose
class V(BaseView):
    @expose("/")
    def index(self):
        bump("a")
""",
    "admin_model": """
from flask_admin.contrib.sqla import ModelView
class V(ModelView):
    def on_model_change(self, form, model, is_created):
        bump("a")
""",
    "appbuilder": """
from flask_appbuilder import BaseView, expose
class V(BaseView):
    @expose("/x")
    def index(self):
        bump("a")
""",
    "appbuilder_api": """
from flask_appbuilder.api import BaseApi, expose
class V(BaseApi):
    @expose("/x")
    def index(self):
        bump("a")
""",
    "apscheduler_flask": """
from flask_apscheduler import APScheduler
sch = APScheduler()
@sch.task("interval", id="x", seconds=3)
def job():
    bump("a")
# BESIDE
""",
    "apscheduler": """
from apscheduler.schedulers.background import BackgroundScheduler
sch = BackgroundScheduler()
sch.add_job(lambda: bump("a"), "interval", seconds=3)
# BESIDE
""",
    "limiter": """
from flask_limiter import Limiter
def who():
    bump("a")
    return "x"
limiter = Limiter(key_func=who, app=app)
""",
    "caching": """
from flask_caching import Cache
cache = Cache(app)
def unless():
    bump("a")
@app.route("/z")
@cache.cached(unless=unless)
def z():
    return ""
""",
    "wtf": """
from flask_wtf import FlaskForm
class F(FlaskForm):
    def validate_name(self, field):
        bump("a")
""",
    "wtf_csrf": """
from flask_wtf.csrf import CSRFProtect
csrf = CSRFProtect(app)
@csrf.exempt
@app.route("/q", methods=["POST"])
def q():
    bump("a")
""",
    "dash": """
from dash import Dash, Input, Output, callback
d = Dash(__name__)
@callback(Output("a","b"), Input("c","d"))
def f(x):
    bump("a")
""",
    "dash_app": """
import dash
d = dash.Dash(__name__)
@d.callback(dash.Output("a","b"), dash.Input("c","d"))
def f(x):
    bump("a")
""",
    "connexion": """
import connexion
capp = connexion.FlaskApp(__name__)
@capp.route("/x")
def f():
    bump("a")
""",
    "apifairy": """
from apifairy import response, body
@app.route("/w")
@response(S)
def w():
    bump("a")
""",
    "apiflask": """
from apiflask import APIFlask, APIBlueprint
api = APIFlask(__name__)
@api.get("/w")
@api.output(S)
def w():
    bump("a")
""",
    "classful": """
from flask_classful import FlaskView
class V(FlaskView):
    def index(self):
        bump("a")
V.register(app)
""",
    "quart": """
from quart import Quart
q = Quart(__name__)
@q.route("/x")
def x():
    bump("a")
    return ""
""",
    "quart_beside_a_thread": """
import threading
from quart import Quart
q = Quart(__name__)
@q.route("/x")
async def x():
    bump("a")
    return ""
@q.route("/y")
async def y():
    threading.Thread(target=bump, args=("a",)).start()
    return ""
""",
    "flask_async": """
@app.route("/x")
async def x():
    bump("a")
    await y()
""",
    "sqlalchemy_engine_event": """
from sqlalchemy import event
@event.listens_for(engine, "before_cursor_execute")
def count(*arguments):
    bump("a")
""",
    "threads_of_a_class": """
import threading
class Worker(threading.Thread):
    def run(self):
        bump("a")
@app.route("/start")
def start():
    while more():
        Worker().start()
    return ""
""",
    "openapi3": """
from flask_openapi3 import OpenAPI
q = OpenAPI(__name__)
@q.get("/x")
def x():
    bump("a")
""",
    "openapi3_bp": """
from flask_openapi3 import APIBlueprint
q = APIBlueprint("x", __name__)
@q.post("/x")
def x():
    bump("a")
""",
    "openapi3_view": """
from flask_openapi3 import APIView
v = APIView()
@v.route("/x")
class X:
    @v.doc(summary="s")
    def get(self):
        bump("a")
""",
    "security": """
from flask_security import Security
s = Security(app)
@s.context_processor
def x():
    bump("a")
""",
    "dance": """
from flask_dance.contrib.github import make_github_blueprint
from flask_dance.consumer import oauth_authorized
bp = make_github_blueprint()
@oauth_authorized.connect_via(bp)
def logged_in(bp, token):
    bump("a")
""",
    "dance2": """
from flask_dance.consumer import oauth_authorized
@oauth_authorized.connect
def logged_in(bp, token):
    bump("a")
""",
    "babel": """
from flask_babel import Babel
def loc():
    bump("a")
b = Babel(app, locale_selector=loc)
""",
    "principal": """
from flask_principal import Principal, identity_loaded
p = Principal(app)
@identity_loaded.connect_via(app)
def f(sender, identity):
    bump("a")
""",
    "executor": """
from flask_executor import Executor
ex = Executor(app)
@ex.job
def f():
    bump("a")
""",
    "executor_submit": """
from flask_executor import Executor
ex = Executor(app)
def f():
    bump("a")
@app.route("/x")
def x():
    ex.submit(f)
    return ""
""",
    "mail": """
from flask_mail import email_dispatched
@email_dispatched.connect
def f(message, app):
    bump("a")
""",
    "graphql": """
import graphene
class Q(graphene.ObjectType):
    def resolve_x(self, info):
        bump("a")
""",
    "strawberry": """
import strawberry
@strawberry.type
class Query:
    @strawberry.field
    def books(self) -> int:
        bump("a")
""",
    "strawberry_mutation": """
import strawberry
@strawberry.type
class M:
    @strawberry.mutation
    def books(self) -> int:
        bump("a")
""",
    "ariadne": """
from ariadne import QueryType, MutationType
query = QueryType()
@query.field("hello")
def h(_, info):
    bump("a")
""",
    "paho": """
import paho.mqtt.client as mqtt
def on_message(c, u, m):
    bump("a")
c = mqtt.Client()
c.on_message = on_message
# BESIDE
""",
    "flask_mqtt": """
from flask_mqtt import Mqtt
m = Mqtt(app)
@m.on_message()
def f(client, userdata, message):
    bump("a")
# BESIDE
""",
    "watchdog": """
from watchdog.events import FileSystemEventHandler
class H(FileSystemEventHandler):
    def on_modified(self, e):
        bump("a")
# BESIDE
""",
    "watchdog_pattern": """
from watchdog.events import PatternMatchingEventHandler
class H(PatternMatchingEventHandler):
    def on_created(self, e):
        bump("a")
# BESIDE
""",
    "pika": """
import pika
conn = pika.BlockingConnection()
ch = conn.channel()
def cb(ch, method, props, body):
    bump("a")
ch.basic_consume(queue="x", on_message_callback=cb)
# BESIDE
""",
    "zeroconf_handlers": """
from zeroconf import Zeroconf, ServiceBrowser
def change(zeroconf, service_type, name, state_change):
    bump("a")
b = ServiceBrowser(Zeroconf(), "_http._tcp.local.", handlers=[change])
# BESIDE
""",
    "telebot": """
import telebot
bot = telebot.TeleBot("x")
@bot.message_handler(commands=["start"])
def f(m):
    bump("a")
# BESIDE
""",
    "ptb": """
from telegram.ext import Updater, CommandHandler
def f(update, context):
    bump("a")
u = Updater("x")
u.dispatcher.add_handler(CommandHandler("a", f))
# BESIDE
""",
    "ptb_app": """
from telegram.ext import Application, CommandHandler
async def f(update, context):
    bump("a")
a = Application.builder().token("x").build()
a.add_handler(CommandHandler("a", f))
# BESIDE
""",
    "slack_bolt": """
from slack_bolt import App
b = App()
@b.event("app_mention")
def f(body, say):
    bump("a")
""",
    "slack_bolt_command": """
from slack_bolt import App
b = App()
@b.command("/x")
def f(ack):
    bump("a")
""",
    "gpiozero": """
from gpiozero import Button
def f():
    bump("a")
b = Button(2)
b.when_pressed = f
# BESIDE
""",
    "rpigpio": """
import RPi.GPIO as GPIO
def f(channel):
    bump("a")
GPIO.add_event_detect(4, GPIO.RISING, callback=f, bouncetime=200)
# BESIDE
""",
    "pigpio": """
import pigpio
pi = pigpio.pi()
def f(gpio, level, tick):
    bump("a")
pi.callback(4, pigpio.RISING_EDGE, f)
# BESIDE
""",
    "loop_thread": """
import asyncio, threading
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever).start()
async def work():
    bump("a")
@app.route("/x")
def x():
    asyncio.run_coroutine_threadsafe(work(), loop)
    return ""
# BESIDE
""",
    "loop_callsoon": """
import asyncio, threading
loop = asyncio.new_event_loop()
@app.route("/x")
def x():
    loop.call_soon_threadsafe(bump, "a")
    return ""
# BESIDE
""",
    "coroutine_await": """
import asyncio, threading
loop = asyncio.new_event_loop()
async def work():
    n = counts.get("a")
    await asyncio.sleep(1)
    bump("a")
@app.route("/x")
def x():
    asyncio.run_coroutine_threadsafe(work(), loop).result()
    return ""
# BESIDE
""",
    "async_main_thread": """
import asyncio, threading
async def main():
    while True:
        bump("a")
        await asyncio.sleep(1)
threading.Thread(target=asyncio.run, args=(main(),)).start()
# BESIDE
""",
    "async_main_thread2": """
import asyncio, threading
async def main():
    while True:
        bump("a")
        await asyncio.sleep(1)
def runner():
    asyncio.run(main())
threading.Thread(target=runner, daemon=True).start()
# BESIDE
""",
    "create_task": """
import asyncio, threading
async def main():
    bump("a")
def runner():
    loop = asyncio.new_event_loop()
    loop.create_task(main())
    loop.run_forever()
threading.Thread(target=runner, daemon=True).start()
# BESIDE
""",
    "asyncio_run_in_view": """
import asyncio
async def main():
    bump("a")
@app.route("/x")
def x():
    asyncio.run(main())
    return ""
""",
    "gather_in_view": """
import asyncio
async def main():
    bump("a")
async def both():
    await asyncio.gather(main(), main())
@app.route("/x")
def x():
    asyncio.run(both())
    return ""
""",
    "loop_run_until": """
import asyncio
loop = asyncio.new_event_loop()
async def main():
    bump("a")
@app.route("/x")
def x():
    loop.run_until_complete(main())
    return ""
""",
    "futures": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor()
@app.route("/x")
def x():
    pool.submit(bump, "a")
    return ""
""",
    "websocketapp": """
import websocket
def on_message(ws, m):
    bump("a")
ws = websocket.WebSocketApp("ws://", on_message=on_message)
# BESIDE
""",
    "kafka_thread": """
import threading
from kafka import KafkaConsumer
def consume():
    for m in KafkaConsumer("x"):
        bump("a")
threading.Thread(target=consume).start()
# BESIDE
""",
    "socketio_client": """
import socketio
sio = socketio.Client()
@sio.event
def connect():
    bump("a")
@sio.on("x")
def y(d):
    bump("b")
# BESIDE
""",
    "python_socketio_server": """
import socketio
sio = socketio.Server()
@sio.event
def connect(sid, env):
    bump("a")
""",
    "sched_lib": """
import schedule
schedule.every(3).minutes.do(bump, "a")
# BESIDE
""",
    "schedule_repeat": """
from schedule import every, repeat
@repeat(every(3).minutes)
def j():
    bump("a")
# BESIDE
""",
    "keyboard_pynput": """
from pynput import keyboard
def press(k):
    bump("a")
l = keyboard.Listener(on_press=press)
l.start()
# BESIDE
""",
    "discord": """
import discord
client = discord.Client()
@client.event
async def on_message(m):
    bump("a")
# BESIDE
""",
    "rtmidi_can": """
import can
class L(can.Listener):
    def on_message_received(self, m):
        bump("a")
# BESIDE
""",
    "jsonrpc": """
from flask_jsonrpc import JSONRPC
j = JSONRPC(app, "/api")
@j.method("App.index")
def f():
    bump("a")
""",
    "xmlrpc_server": """
from xmlrpc.server import SimpleXMLRPCServer
import threading
s = SimpleXMLRPCServer(("", 1))
def f():
    bump("a")
s.register_function(f, "f")
threading.Thread(target=s.serve_forever).start()
# BESIDE
""",
    "flask_ask": """
from flask_ask import Ask
ask = Ask(app, "/")
@ask.intent("X")
def f():
    bump("a")
""",
    "flask_sse_eventsource": """
from flask import Response
@app.route("/x")
def f():
    def gen():
        while True:
            bump("a")
            yield "x"
    return Response(gen())
""",
    "flask_injector_rebar": """
from flask_rebar import Rebar
r = Rebar()
reg = r.create_handler_registry()
@reg.handles(rule="/x", method="GET")
def f():
    bump("a")
""",
    "linebot": """
from linebot import WebhookHandler
h = WebhookHandler("x")
@h.add(MessageEvent, message=TextMessage)
def f(event):
    bump("a")
""",
    "sqlalchemy_event": """
from sqlalchemy import event
@event.listens_for(M, "after_insert")
def f(mapper, conn, target):
    bump("a")
""",
    "flask_signals": """
from flask import request_started
def f(sender, **k):
    bump("a")
request_started.connect(f, app)
""",
}

NO_RACES = {
    "quart": """
from quart import Quart
q = Quart(__name__)
@q.route("/x")
async def x():
    await y()
    bump("a")
    await y()
""",
    "quart_wrapped": """
from quart import Quart
q = Quart(__name__)
def timed(view):
    def sync_view(*args, **kwargs):
        return view(*args, **kwargs)
    async def async_view(*args, **kwargs):
        return await view(*args, **kwargs)
    return async_view if iscoroutinefunction(view) else sync_view
@q.route("/x")
@timed
async def x():
    bump("a")
""",
    "quart_method_view": """
from quart.views import MethodView
class X(MethodView):
    async def get(self):
        bump("a")
""",
    "quart_callback": """
from quart import Quart
from agents import function_tool
q = Quart(__name__)
async def tool():
    bump("a")
@q.route("/x")
async def x():
    await run(tools=[function_tool(tool)])
""",
    "fastapi": """
from fastapi import APIRouter
router = APIRouter()
@router.post("/x")
async def x():
    bump("a")
""",
    "coroutine_made_in_a_thread": """
import asyncio
from quart import Quart
q = Quart(__name__)
async def task():
    bump("a")
async def later():
    return await asyncio.to_thread(task)
@q.route("/x")
async def x():
    bump("a")
""",
    "multiprocess": """
import multiprocess
@app.route("/x")
def x():
    multiprocess.Process(target=bump, args=("a",)).start()
    return ""
""",
    "sqlalchemy_event_at_startup": """
from sqlalchemy import event
@event.listens_for(Base, "mapper_configured", propagate=True)
def configured(mapper, model):
    bump("a")
def created(target, connection, **options):
    bump("a")
event.listen(table, "after_create", created)
""",
    "watchdog_handlers": """
from watchdog.events import FileSystemEventHandler
class H(FileSystemEventHandler):
    def on_modified(self, e):
        bump("a")
    def on_created(self, e):
        bump("b")
class Other(FileSystemEventHandler):
    def on_deleted(self, e):
        bump("a")
""",
    "watchdog_alone": """
from watchdog.events import PatternMatchingEventHandler
class H(PatternMatchingEventHandler):
    def on_any_event(self, e):
        bump("a")
""",
    "celery": """
from celery import Celery
c = Celery()
@c.task
def f():
    bump("a")
# BESIDE
""",
    "celery_shared": """
from celery import shared_task
@shared_task
def f():
    bump("a")
# BESIDE
""",
    "rq": """
from rq import Queue
q = Queue()
def f():
    bump("a")
@app.route("/x")
def x():
    q.enqueue(f)
    return ""
""",
    "huey": """
from huey import SqliteHuey
h = SqliteHuey()
@h.task()
def f():
    bump("a")
# BESIDE
""",
    "dramatiq": """
import dramatiq
@dramatiq.actor
def f():
    bump("a")
# BESIDE
""",
    "loop_callsoon_alone": """
import asyncio, threading
loop = asyncio.new_event_loop()
@app.route("/x")
def x():
    loop.call_soon_threadsafe(bump, "a")
    return ""
""",
    "coroutine_alone": """
import asyncio, threading
loop = asyncio.new_event_loop()
async def work():
    bump("a")
@app.route("/x")
def x():
    asyncio.run_coroutine_threadsafe(work(), loop)
    return ""
""",
    "processpool": """
from concurrent.futures import ProcessPoolExecutor
pool = ProcessPoolExecutor()
@app.route("/x")
def x():
    pool.submit(bump, "a")
    return ""
""",
    "cli": """
import click
@app.cli.command("x")
def x():
    bump("a")
# BESIDE
""",
    "atexit": """
import atexit
atexit.register(bump, "a")
# BESIDE
""",
    "twilio_jobs_rq_decorator": """
from flask_rq2 import RQ
rq = RQ(app)
@rq.job
def f():
    bump("a")
# BESIDE
""",
}


POOLS = ("socketio_client", "telebot")
"""Libraries that call several functions at once."""


def races(folder: Path, code: str) -> list[str]:
    source = HEAD + code.replace("# BESIDE", BESIDE)
    (folder / "app.py").write_text(source, encoding="utf-8")
    return [f.message for f in lint([folder], CONFIG, cwd=folder).findings if f.function.endswith("bump")]


@pytest.mark.parametrize("name", RACES)
def test_a_function_that_a_library_calls(tmp_path: Path, name: str) -> None:
    assert races(tmp_path, RACES[name])


@pytest.mark.parametrize("name", NO_RACES)
def test_a_function_that_runs_elsewhere_or_one_after_the_other(tmp_path: Path, name: str) -> None:
    assert not races(tmp_path, NO_RACES[name])


@pytest.mark.parametrize("name", [name for name, code in RACES.items() if "# BESIDE" in code])
def test_it_is_the_request_beside_it_that_makes_the_race(tmp_path: Path, name: str) -> None:
    """One thread alone loses nothing, wherever the library starts it; a pool does."""
    alone = races(tmp_path, RACES[name].replace("# BESIDE", ""))
    assert bool(alone) == (name in POOLS)
