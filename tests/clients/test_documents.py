"""Is what /docs says of the routes true? schemathesis asks whatever the OpenAPI documents allow, and what they do not.

For longer, and still with an end: CHAT_EXAMPLES=150 CHAT_PATIENCE=600 python -m unittest -v test_documents
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import socketio
from chat import Chat, upload

HERE = pathlib.Path(__file__).parent
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,allow_header_conformance"
)
EXAMPLES = os.environ.get("CHAT_EXAMPLES", "12")
SESSION = "0190b5a2-5c1e-7d6a-9a55-1c2d3e4f5a6b"


def world(chat):
    """People and things, by the names that the hooks give them."""
    ann, bob, carl = (chat.sign_up(name) for name in ("ann", "bob", "carl"))
    room = ann.opens_room("Lobby")

    def command(*arguments):
        told = subprocess.run([*chat.command, *arguments, "--db", chat.db], capture_output=True, text=True, timeout=20)
        assert told.returncode == 0, told.stderr

    command("session", "put", SESSION, "--mentor", "ann", "--mentee", "bob", "--start-at", "2026-01-15T10:00:00Z")
    command("notify", "ann", "--title", "Hello", "--message", "Something happened", "--type", "news")
    group = chat.ask("POST", "/conversaton/create-group", {"name": "Friends", "groupMenmbers": [bob.id]}, ann.token)
    message = chat.ask("POST", "/message/create", {"conversationId": group["id"], "message": "Hello"}, bob.token)
    file = upload(chat.url, ann.token, room)
    login = {"email": "ann@example.test", "password": "correct horse"}
    return {
        "url": chat.url, "token": ann.token, "parting": {**login, "email": "carl@example.test"},
        "ann": str(ann.id), "bob": str(bob.id), "carl": str(carl.id),
        "room": room, "group": group["id"], "message": message["id"], "session": SESSION,
        "emoji": "👍", "own": ann.token, "file": file["_id"], "upload": file["url"].removeprefix("/uploads/"),
        "notice": str(chat.ask("GET", "/api/notifications", token=ann.token)["notifications"][0]["id"]),
    }


class Documents(unittest.TestCase):
    maxDiff = None

    def conforms(self, name, *beyond):
        """Nothing else comes than is written; and every operation succeeds at times, but those beyond its means."""
        chat = Chat()
        self.addCleanup(chat.close)
        known = world(chat)
        if name == "emote":
            # Where two documents share a path, the account's home decides.
            login = {"email": "eve@example.test", "password": "correct horse"}
            chat.ask("POST", "/api/auth/register", {"name": "eve", **login})
            known["token"] = chat.ask("POST", "/api/auth/login", login)["token"]
        if name == "admin":
            known |= {"token": chat.admin_token, **self.watched(chat, known)}
        # Schemathesis keeps what it finds where it runs.
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        answers = pathlib.Path(place.name, "answers")
        told = subprocess.run(
            [
                pathlib.Path(sys.executable).with_name("schemathesis"),
                "--config-file", HERE / "schemathesis.toml",
                "run", f"{chat.url}/docs/{name}/openapi.json",
                "--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing",
                "--seed", "1", "--no-color", "--continue-on-failure", "--warnings", "off",
            ],
            env={
                **os.environ, "CHAT_WORLD": json.dumps(known), "CHAT_ANSWERS": str(answers),
                "SCHEMATHESIS_HOOKS": "documents_hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd=place.name, capture_output=True, text=True, timeout=float(os.environ.get("CHAT_PATIENCE", "60")),
        )
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        self.assertNotIn("panicked", chat.said())
        with urllib.request.urlopen(f"{chat.url}/docs/{name}/openapi.json", timeout=10) as document:
            paths = json.load(document)["paths"]
        described = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
        answered = {tuple(line.rsplit(" ", 1)) for line in answers.read_text().splitlines()}
        failed = described - {operation for operation, status in answered if status < "4"}
        self.assertEqual(sorted(failed), sorted(beyond), sorted(one for one in answered if one[0] in failed))

    def watched(self, chat, known):
        """What only an administrator sees: an open socket, and a mail that waits."""
        socket = socketio.Client(reconnection=False)
        socket.connect(chat.url, auth={"token": known["token"]}, wait_timeout=10)
        self.addCleanup(socket.disconnect)
        chat.ask("POST", "/api/password/reset-request", {"email": "bob@example.test"})
        [open_one] = chat.ask("GET", "/api/admin/sockets", token=chat.admin_token)["sockets"]
        mail = chat.ask("GET", "/api/admin/outbox", token=chat.admin_token)["outbox"][0]
        return {"socket": open_one["id"], "mail": mail["id"]}

    def test_campus(self):
        # Codes are mailed, and there is no issuer.
        self.conforms(
            "campus", "GET /auth/google", "GET /auth/google/callback", "PATCH /user/reset-password",
            "POST /user/register", "POST /user/verify-email", "POST /user/verify-reset-code", "PUT /user/email",
        )

    def test_mentor(self):
        self.conforms("mentor")

    def test_emote(self):
        self.conforms("emote", "POST /api/password/reset", "PUT /api/profile/email")

    def test_rooms(self):
        self.conforms("rooms", "PUT /api/auth/email")

    def test_direct(self):
        self.conforms("direct")

    def test_admin(self):
        # The links are printed or mailed, and watching the wire has no end.
        off = "/mail/off/{token}"
        self.conforms("admin", "POST /api/admin/setup", "GET /api/admin/wire", f"GET {off}", f"POST {off}")


if __name__ == "__main__":
    unittest.main()
