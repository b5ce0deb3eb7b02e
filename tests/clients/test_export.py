"""Does Python's zipfile, which we did not write, open what one downloads of oneself?"""

import io
import json
import unittest
import urllib.request
import zipfile

from chat import Chat


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chat = Chat()
        cls.addClassCleanup(cls.chat.close)

    def test_a_download_opens_and_holds_what_was_said(self):
        ann, bob = (self.chat.sign_up(name) for name in ("ann", "bob"))
        room = ann.opens_room("Lobby")
        for person, words in ((ann, "Grüße 世界"), (bob, "Not hers")) * 100:
            self.chat.ask("POST", "/api/messages", {"roomId": room, "content": words}, person.token)
        request = urllib.request.Request(f"{self.chat.url}/api/profile/export")
        request.add_header("Authorization", f"Bearer {ann.token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
        self.assertIsNone(archive.testzip())
        self.assertEqual(json.loads(archive.read("account.json"))["name"], "ann")
        messages = [json.loads(line) for line in archive.read("messages.jsonl").decode().splitlines()]
        self.assertEqual([message["content"] for message in messages], ["Grüße 世界"] * 100)
        self.assertEqual(json.loads(archive.read("files.json")), [])


if __name__ == "__main__":
    unittest.main()
