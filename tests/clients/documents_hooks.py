"""What schemathesis must know of a server to get past its doors: a token, and ids of things that are there."""

import itertools
import json
import os
import urllib.request

import schemathesis

WORLD = json.loads(os.environ["CHAT_WORLD"])
# What an id in a path, a query or a body names, by its name.
NAMES = {
    "conversationId": "group",
    "conversation": "group",
    "roomId": "room",
    "senderId": "ann",
    "receiverId": "bob",
    "userId": "bob",
    "sessionId": "session",
    "uuid": "session",
    "mentorId": "ann",
    "menteeId": "bob",
    "messageId": "message",
    "mailId": "mail",
    "socketId": "socket",
    "fileId": "file",
    "name": "upload",
}
# What `{id}` names, by the route.
IDS = {"/auth/": "device", "/api/notifications/": "notice"}
FIXED = {"/docs/{name}/openapi.json": "rooms", "/docs/{name}/asyncapi.json": "rooms", "/assets/{path}": "base.css"}
# These end tokens: somebody else's.
PARTING = {"/api/auth/logout", "/auth/remove-all-session"}
CALLS = itertools.count(1)


def known(path, name):
    if path in FIXED:
        return FIXED[path]
    if name == "id":
        return WORLD.get(next((thing for prefix, thing in IDS.items() if path.startswith(prefix)), "group"))
    return WORLD.get(NAMES.get(name))


def chosen(value):
    """Three of four times, the same for the same value: a run can be repeated."""
    return sum(map(ord, repr(value))) % 4


def with_ids(context, values, names):
    if isinstance(values, dict) and chosen(values):
        for name in names(values):
            thing = known(context.operation.path, name)
            if thing is not None and name in values:
                values[name] = thing
    return values


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    operation = context.operation
    if operation.path.startswith("/api/admin/users/") and chosen(path_parameters):
        return {**path_parameters, **somebody(path_parameters)}
    if (operation.method, operation.path) == ("delete", "/api/admin/files/{fileId}") and chosen(path_parameters):
        return {"fileId": WORLD["spare"]}
    return with_ids(context, path_parameters, list)


def somebody(wanted):
    """A new account each time: the last one may be suspended or gone; and a device of theirs."""
    name = f"somebody-{next(CALLS)}"
    user = ask("POST", "/api/admin/users", {"name": name, "email": f"{name}@example.test"})["user"]["id"]
    if "deviceId" not in wanted:
        return {"userId": user}
    ask("POST", f"/api/admin/users/{user}/token")
    return {"userId": user, "deviceId": ask("GET", f"/api/admin/users/{user}/devices")["devices"][0]["id"]}


@schemathesis.hook
def map_query(context, query):
    return with_ids(context, query, lambda values: [name for name in values if name in ("conversationId", "roomId")])


@schemathesis.hook
def map_body(context, body):
    if context.operation.path.endswith("/login") and chosen(body):
        return WORLD["parting"]
    return with_ids(context, body, lambda values: [name for name in values if name.endswith("Id") or name == "conversation"])


@schemathesis.hook
def before_call(context, case, kwargs):
    # Schemathesis makes up tokens of its own; every seventh stays, and every eleventh request has none.
    asked = next(CALLS)
    if asked % 11 == 0:
        case.headers.pop("Authorization", None)
    elif asked % 7:
        token = log_in() if case.path in PARTING else WORLD["token"]
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def after_call(context, case, response):
    with open(os.environ["CHAT_ANSWERS"], "a") as answers:
        print(case.method, case.path, response.status_code, file=answers)


def log_in():
    return ask("POST", "/api/auth/login", WORLD["parting"])["token"]


def ask(method, path, body=None):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {WORLD['token']}"}
    given = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(WORLD["url"] + path, given, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
