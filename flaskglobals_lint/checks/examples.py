"""The few lines of code to write where no edit of the place is right: with the program's own names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flaskglobals_lint.checks import writes
from flaskglobals_lint.link.summary import Read, Write

if TYPE_CHECKING:
    from flaskglobals_lint.link.contexts import Access
    from flaskglobals_lint.link.program import Program

_CLIENT = (
    "import json, os, redis",
    'store = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)  # one for the module: threads may share it',
)
_IN_USE = (*writes.HANDLES, "queue.")
_SETS = frozenset({".add()", "|=", ".discard()"})


def in_redis(program: Program, access: Access, label: str) -> tuple[str, ...]:
    """State that all workers share: the command that stands for a write of the place of that label, and one to read."""
    write = access.record
    assert isinstance(write, Write)
    name, key = _name(label), _key(write)
    there = f"# in `{program.name(access.function)}`, line {write.pos[0]}"
    depends = (access.function, write.pos) in program.once(writes.depends_on_itself)
    if write.kind == "mutate" and write.via in writes.ADDS:
        if write.via in _SETS:
            return (*_CLIENT, f'store.sadd("{name}", value)  {there}', f'store.smembers("{name}")  # to read it')
        lines = (f'store.rpush("{name}", json.dumps(value))  {there}', f'store.ltrim("{name}", -1000, -1)')
        return (*_CLIENT, *lines, f'[json.loads(item) for item in store.lrange("{name}", 0, -1)]  # to read it')
    if write.via in ("+=", "-=") or (depends and write.kind == "set"):
        count = f'hincrby("{name}", {key}, {{}})' if key else f'incrby("{name}", {{}})'
        read = f'hget("{name}", {key})' if key else f'get("{name}")'
        amount = "-1" if write.via == "-=" else "1"
        return (
            *_CLIENT,
            f"store.{count.format(amount)}  {there}: one atomic command",
            f"int(store.{read} or 0)  # to read it",
        )
    if key:
        kept = f'store.hset("{name}", {key}, json.dumps(value))  {there}'
        return (*_CLIENT, kept, f'json.loads(store.hget("{name}", {key}) or "null")  # to read it')
    kept = f'store.set("{name}", json.dumps(value))  {there}'
    return (*_CLIENT, kept, f'json.loads(store.get("{name}") or "null")  # to read it')


def bounded(program: Program, access: Access, container: str) -> tuple[str, ...]:
    """A container that forgets, in place of one that only grows; ``container`` is what it is called here."""
    write = access.record
    assert isinstance(write, Write)
    if any(atom[0] == "conn" or str(atom[1]).startswith(_IN_USE) for atom in program.paths.atoms(access.path)):
        return ()  # it may be in use when it is forgotten
    name = _name(container)
    there = f"# in `{program.name(access.function)}`, line {write.pos[0]}"
    where = next(iter(program.definitions(access.path)), None)
    made = f"  # in place of line {where.pos[0]} of {program.file(where.scope)}" if where is not None else ""
    if write.kind == "mutate" and write.via not in _SETS:
        return (
            "from collections import deque",
            f"{name} = deque(maxlen=1000){made}",
        )
    lock = f"{name}_LOCK" if name.isupper() else f"{name}_lock"
    item = "value] = True" if write.kind == "mutate" else f"{_key(write) or 'key'}] = value"
    return (
        "from cachetools import TTLCache  # it takes no lock of its own",
        f"{name} = TTLCache(maxsize=1000, ttl=3600){made}",
        f"{lock} = threading.Lock()",
        f"with {lock}:  {there}",
        f"    {name}[{item}",
    )


def per_request(program: Program, access: Access, reader: Access | None) -> tuple[str, ...]:
    """Data of one request where only that, or only that user's later ones, can see it."""
    write = access.record
    assert isinstance(write, Write)
    name = _name(access.place.label)
    if reader is None or not isinstance(reader.record, Read) or write.kind != "set" or "[]" in access.place.key:
        return ()  # what a library's object sends along is not read here
    there, here = program.name(access.function), program.name(reader.function)
    before = access.context.start.kind.startswith(("before", "hook"))
    if before or access.context.start.function == reader.context.start.function:
        return (
            "from flask import g",
            f"g.{name} = value  # in `{there}`, line {write.pos[0]}",
            f"g.{name}  # in `{here}`, line {reader.record.pos[0]}",
        )
    return (
        "from flask import session",
        f'session["{name}"] = value  # in `{there}`, line {write.pos[0]}; small, and not secret: the browser keeps it',
        f'session.get("{name}")  # in `{here}`, line {reader.record.pos[0]}',
    )


def _name(label: str) -> str:
    if item := re.search(r'\["([^\W\d]\w*)"\]$', label):
        return item[1]
    found = re.findall(r"[^\W\d]\w*", re.sub(r"\[.*", "", label))
    return found[-1].lstrip("_") if found and found[-1].strip("_") else "state"


def _key(write: Write) -> str:
    """The key of the item that is written, as code; empty if it is no item."""
    if write.path[-1:] and not str(write.path[-1]).startswith("["):
        return ""
    if write.key.startswith("="):
        return repr(write.key[1:]).replace("'", '"') if re.fullmatch(r"=[\w .:/-]+", write.key) else "key"
    return write.key if re.fullmatch(r"[\w.]+", write.key) else "key"
