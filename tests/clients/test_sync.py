"""Does python-socketio's synchronous client talk through rooms and direct, by each transport?"""

import unittest

import socketio
from chat import PATIENCE, Chat, Ears, refusal

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000"
    "000d4944415478da636460f85f0f0002870180eb47ba920000000049454e44ae426082"
)


class SynchronousClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chat = Chat()
        cls.addClassCleanup(cls.chat.close)

    def connect(self, person, *events, **options):
        socket = socketio.Client(reconnection=False)
        ears = Ears(socket, *events)
        options = {"auth": {"token": person.token}, **options}
        socket.connect(self.chat.url, wait_timeout=PATIENCE, **options)
        self.addCleanup(socket.disconnect)
        return socket, ears

    def test_rooms_and_direct_talk_over_each_transport(self):
        ways = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}
        for way, transports in ways.items():
            with self.subTest(way):
                ann, bob = (self.chat.sign_up(f"{name}-{way}") for name in ("ann", "bob"))
                room = ann.opens_room("Lobby")
                hers, she = self.connect(ann, "message", "error", transports=transports)
                his, he = self.connect(bob, "new_message", transports=transports)
                self.assertEqual(hers.transport(), transports[-1])

                self.assertTrue(hers.call("joinRoom", {"roomId": room}, timeout=PATIENCE)["ok"])
                self.assertTrue(his.call("join_conversation", room, timeout=PATIENCE)["ok"])

                sent = hers.call("message", {"roomId": room, "content": "Grüße"}, timeout=PATIENCE)
                self.assertEqual(she.hears("message"), sent["message"])
                heard = he.hears("new_message")
                self.assertEqual((heard["content"], heard["sender_id"]), ("Grüße", ann.id))

                answer = {"conversationId": heard["conversation_id"], "content": "back"}
                self.assertTrue(his.call("send_message", answer, timeout=PATIENCE)["ok"])
                heard = she.hears("message")
                self.assertEqual((heard["content"], heard["sender"]["username"]), ("back", bob.name))

                refused = hers.call("message", {"roomId": room, "content": ""}, timeout=PATIENCE)
                self.assertEqual((refused["ok"], refused["error"]["statusCode"]), (False, 400))
                self.assertEqual(she.hears("error")["event"], "message")

    def test_a_file_arrives_whole(self):
        for transport in ("websocket", "polling"):
            with self.subTest(transport):
                ann = self.chat.sign_up(f"files-{transport}")
                room = ann.opens_room("Pictures")
                socket, ears = self.connect(ann, "fileUpload", transports=[transport])
                socket.call("joinRoom", {"roomId": room}, timeout=PATIENCE)
                file = {"roomId": room, "filename": "pixel.png", "mimetype": "image/png", "data": PIXEL}
                self.assertTrue(socket.call("fileUpload", file, timeout=PATIENCE)["ok"])
                self.assertEqual(ears.hears("fileUpload")["size"], len(PIXEL))

    def test_a_token_in_the_header_opens_and_a_bad_one_is_refused_in_words(self):
        ann = self.chat.sign_up("header")
        self.connect(ann, auth=None, headers={"Authorization": f"Bearer {ann.token}"})
        for auth in ({"token": "not-a-token"}, None):
            socket = socketio.Client(reconnection=False)
            told, reasons = refusal(socket)
            with self.assertRaises(socketio.exceptions.ConnectionError):
                socket.connect(self.chat.url, auth=auth, wait_timeout=PATIENCE)
            self.assertTrue(told.wait(PATIENCE))
            self.assertRegex(str(reasons), "(?i)token")


if __name__ == "__main__":
    unittest.main()
