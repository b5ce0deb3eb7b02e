"""How does a check in Python get a server, people, and a socket whose words can be waited for?"""

import base64
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading
import urllib.request

BINARY = os.environ.get("CHAT_BIN") or pathlib.Path(__file__).parents[2] / "target/debug/chat"
PATIENCE = 5


class Chat:
    """A throwaway server, gone when closed, and with this process at the latest."""

    def __init__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.command = [BINARY]
        self.child = subprocess.Popen(
            [*self.command, "--temp", "--announce", "json", "--exit-with-stdin"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
        )
        line = self.child.stdout.readline()
        if not line:
            self.child.wait()
            self.log.seek(0)
            raise RuntimeError(f"the server ended before it served:\n{self.log.read()[-4000:]}")
        announced = json.loads(line)
        self.url, self.db, self.admin_token = announced["url"], announced["db"], announced["adminToken"]

    def said(self):
        """Its log so far."""
        self.log.seek(0)
        return self.log.read()

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
        self.log.close()

    def sign_up(self, name):
        login = {"email": f"{name}@example.test", "password": "correct horse"}
        self.ask("POST", "/api/auth/signup", {"username": name, **login})
        return Person(self, name, self.ask("POST", "/api/auth/login", login)["token"])

    def ask(self, method, path, body=None, token=None):
        request = urllib.request.Request(self.url + path, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)


class Person:
    """An account; `id` is what direct calls a user id, the token's subject."""

    def __init__(self, chat, name, token):
        self.chat, self.name, self.token = chat, name, token
        payload = token.split(".")[1]
        self.id = int(json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"])

    def opens_room(self, name):
        body = {"name": name, "description": name}
        return self.chat.ask("POST", "/api/rooms", body, self.token)["data"]["_id"]


def upload(url, token, room):
    """A small text file that stands in a room, as the rooms document tells of it."""
    parts = f'--b\r\nContent-Disposition: form-data; name="roomId"\r\n\r\n{room}\r\n'
    parts += '--b\r\nContent-Disposition: form-data; name="file"; filename="notes.txt"\r\n\r\nnotes\r\n--b--\r\n'
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=b"}
    request = urllib.request.Request(url + "/api/files/upload", parts.encode(), headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)["data"]


class Ears:
    """Keeps what is said to a socket; works for the synchronous and the asyncio client."""

    def __init__(self, socket, *events, namespace="/"):
        self.heard = {event: queue.Queue() for event in events}
        for event in events:
            socket.on(event, self.heard[event].put, namespace=namespace)

    def hears(self, event):
        try:
            return self.heard[event].get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"nobody said {event}") from None

    def unheard(self, event):
        return list(self.heard[event].queue)


def refusal(socket, namespace="/"):
    """A place that fills with the reason why a connection was refused, and a flag to wait for."""
    told = threading.Event()
    reasons = []

    def note(*said):
        reasons.extend(said)
        told.set()

    socket.on("connect_error", note, namespace=namespace)
    return told, reasons
