"""Does python-socketio talk in mentor's namespace, alone and beside another on the same connection?"""

import unittest

import socketio
from chat import PATIENCE, Chat, Ears, refusal

NAMESPACE = "/chat"
EVENTS = ("new_message", "user_typing", "messages_read", "error")


class MentorsNamespace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.chat = Chat()
        cls.addClassCleanup(cls.chat.close)

    def connect(self, person, namespaces=(NAMESPACE,), **options):
        socket = socketio.Client(reconnection=False)
        ears = [Ears(socket, *EVENTS, namespace=name) for name in namespaces]
        options = {"auth": {"token": person.token}, **options}
        socket.connect(self.chat.url, namespaces=list(namespaces), wait_timeout=PATIENCE, **options)
        self.addCleanup(socket.disconnect)
        return socket, *ears

    def call(self, socket, event, data, namespace=NAMESPACE):
        answer = socket.call(event, data, namespace=namespace, timeout=PATIENCE)
        self.assertTrue(answer["ok"], answer)
        return answer

    def test_two_people_talk_over_each_transport(self):
        ways = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}
        for way, transports in ways.items():
            with self.subTest(way):
                ann, bob = (self.chat.sign_up(f"{name}-{way}") for name in ("ann", "bob"))
                both = ("/", NAMESPACE)
                hers, _, she = self.connect(ann, both, transports=transports)
                his, he = self.connect(bob, transports=transports)
                self.assertEqual(his.transport(), transports[-1])

                new = {"toUserId": bob.id, "content": "Grüße 🙂"}
                self.call(hers, "send_message", new, namespace="/")
                heard = he.hears("new_message")
                place = heard["conversationId"]
                self.assertEqual(heard["message"]["content"], "Grüße 🙂")
                self.assertEqual(she.hears("new_message"), heard)

                self.call(his, "typing", {"conversationId": place, "isTyping": True})
                typing = she.hears("user_typing")
                self.assertEqual((typing["conversationId"], typing["isTyping"]), (place, True))
                read = self.call(his, "mark_read", {"conversationId": place})
                self.assertEqual(read["count"], 1)
                receipt = she.hears("messages_read")
                self.assertEqual((receipt["readBy"], receipt["count"]), (typing["userId"], 1))

                path = f"/api/conversations/{place}/messages"
                sent = self.chat.ask("POST", path, {"content": "By REST"}, bob.token)
                self.assertEqual(she.hears("new_message")["message"], sent)

                self.call(hers, "leave_conversation", {"conversationId": place})
                self.chat.ask("POST", path, {"content": "She has left"}, bob.token)
                self.assertEqual(he.hears("new_message")["message"]["content"], "By REST")
                self.assertEqual(he.hears("new_message")["message"]["content"], "She has left")
                self.assertEqual(she.unheard("new_message"), [])

    def test_the_documented_ways_of_bringing_a_token(self):
        ann = self.chat.sign_up("ann")
        self.connect(ann, auth=None, headers={"Authorization": f"Bearer {ann.token}"})
        for auth in ({"token": "your-jwt-token"}, None):
            socket = socketio.Client(reconnection=False)
            told, reasons = refusal(socket, NAMESPACE)
            with self.assertRaises(socketio.exceptions.ConnectionError):
                socket.connect(self.chat.url, namespaces=[NAMESPACE], auth=auth, wait_timeout=PATIENCE)
            self.assertTrue(told.wait(PATIENCE))
            self.assertRegex(str(reasons), "(?i)token")


if __name__ == "__main__":
    unittest.main()
