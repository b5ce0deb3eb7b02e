"""What schemathesis must know of a server to get past its doors: a token, and ids of things that are there."""

import itertools
import json
import os
import re
import urllib.request

import schemathesis
from chat import upload

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
    "userIds": "bob",
    "emoji": "emoji",
    "mailId": "mail",
    "socketId": "socket",
    "fileId": "file",
    "name": "upload",
}
# What `{id}` names, by the route.
IDS = {"/api/notifications/": "notice"}
FIXED = {"/docs/{name}/openapi.json": "rooms", "/docs/{name}/asyncapi.json": "rooms", "/assets/{path}": "base.css"}
# These end tokens: somebody else's.
PARTING = re.compile(r"/logout$|^/auth/remove-|^/api/(auth|profile)/devices/")
# These change how an account is entered, or end it: a new account each time, and its right password.
ONESELF = {("put", "password"), ("post", "email"), ("delete", "profile")}
PASSWORD = WORLD["parting"]["password"]
# A path of one message, by whatever name; and one at which a conversation changes.
MESSAGE = re.compile(r"/\{messageId\}|^/message/[a-z-]+/\{id\}|^/api/messages/\{id\}")
CONVERSATION = re.compile(r"/(owners|members)(/|$)|^/(conversation|conversaton|api/conversations|api/rooms)/\{\w+\}$")
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


def placed(operation, values):
    """The same path, of things that are there."""
    if operation.path.startswith("/api/admin/users/"):
        return {**values, **somebody(values)}
    if operation.path.startswith("/api/admin/files/{fileId}"):
        return {"fileId": upload(WORLD["url"], WORLD["own"], WORLD["room"])["_id"]}
    there = {name: known(operation.path, name) or value for name, value in values.items()}
    return there | made(operation)


def made(operation):
    """What this call uses up or changes for good is made for it: a message of one's own, or a group of one's own."""
    method, path = operation.method, operation.path
    if "{reportId}" in path:
        return {"reportId": reported()}
    if (method, path) == ("delete", "/api/admin/conversations/{conversationId}/members/{userId}"):
        group = {"name": "Others", "groupMenmbers": [WORLD["carl"]]}
        return {"conversationId": ask("POST", "/conversaton/create-group", group, WORLD["own"])["id"], "userId": WORLD["carl"]}
    if path.startswith("/api/admin/"):
        return {}
    if "{deviceId}" in path or path.startswith("/auth/remove-session/"):
        devices = ask("GET", "/auth/active-devices", token=log_in(WORLD["parting"]))
        return {name: devices[-1]["id"] for name in ("deviceId", "id") if f"{{{name}}}" in path}
    if MESSAGE.search(path) and (method, path) != ("get", "/api/messages/{id}"):
        said = ask("POST", "/message/create", {"conversationId": WORLD["group"], "message": "Hello"})["id"]
        return {"messageId": said} if "{messageId}" in path else {"id": said}
    if CONVERSATION.search(path) and method != "get":
        others = [WORLD["carl"]] if method == "post" else [WORLD["carl"], WORLD["bob"]]
        group = ask("POST", "/conversaton/create-group", {"name": "Others", "groupMenmbers": others})["id"]
        if method == "delete" and "/owners/" in path:
            ask("PUT", f"/conversaton/{group}/owners/{WORLD['bob']}")
        return {"roomId": group} if "{roomId}" in path else {"id": group}
    return {}


def reported():
    """A report of a new message by a new account: each reports few."""
    login = {"email": f"reporter-{next(CALLS)}@example.test", "password": PASSWORD}
    ask("POST", "/api/auth/signup", {"username": f"reporter-{next(CALLS)}", **login})
    said = ask("POST", "/api/messages", {"roomId": WORLD["room"], "content": "Hello"}, WORLD["own"])["data"]["_id"]
    ask("POST", f"/api/messages/{said}/report", {"reason": "It is loud"}, log_in(login))
    return ask("GET", "/api/admin/reports?limit=1")["reports"][0]["id"]


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
    return with_ids(context, query, lambda values: [name for name in values if name in ("conversationId", "roomId", "userIds", "emoji")])


@schemathesis.hook
def map_body(context, body):
    if context.operation.path.endswith("/login") and chosen(body):
        return WORLD["parting"]
    if is_oneself(context.operation.method, context.operation.path) and isinstance(body, dict) and chosen(body):
        right = {"currentPassword" if "newPassword" in body else "password": PASSWORD}
        return {**body, **right, **({"email": f"new-{next(CALLS)}@example.test"} if "email" in body else {})}
    return with_ids(
        context, body, lambda values: [name for name in values if name.endswith("Id") or name in ("conversation", "emoji")]
    )


def is_oneself(method, path):
    return (method.lower(), path.rsplit("/", 1)[-1]) in ONESELF


@schemathesis.hook
def before_call(context, case, kwargs):
    # Schemathesis makes up tokens of its own; every seventh stays, and every eleventh request has none.
    asked = next(CALLS)
    # It puts what it has read into paths after their hook, so here: the others' paths stay as it made them.
    if asked % 2 and case.path_parameters:
        case.path_parameters = placed(case.operation, case.path_parameters)
    if asked % 11 == 0:
        case.headers.pop("Authorization", None)
    elif asked % 7:
        case.headers["Authorization"] = f"Bearer {token_for(case.method, case.path)}"


def token_for(method, path):
    if is_oneself(method, path):
        name = f"oneself-{next(CALLS)}"
        login = {"email": f"{name}@example.test", "password": PASSWORD}
        ask("POST", "/api/auth/signup", {"username": name, **login})
        return log_in(login)
    return log_in(WORLD["parting"]) if PARTING.search(path) else WORLD["token"]


@schemathesis.hook
def after_call(context, case, response):
    with open(os.environ["CHAT_ANSWERS"], "a") as answers:
        print(case.method, case.path, response.status_code, file=answers)


def log_in(login):
    return ask("POST", "/api/auth/login", login)["token"]


def ask(method, path, body=None, token=WORLD["token"]):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    given = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(WORLD["url"] + path, given, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
