"""Does python-socketio's asyncio client talk through rooms and direct, by each transport?"""

import asyncio
import unittest

import socketio
from chat import PATIENCE, Chat, Ears, refusal


class AsyncioClient(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.chat = Chat()
        cls.addClassCleanup(cls.chat.close)

    async def connect(self, person, *events, **options):
        socket = socketio.AsyncClient(reconnection=False)
        ears = Ears(socket, *events)
        options = {"auth": {"token": person.token}, **options}
        await socket.connect(self.chat.url, wait_timeout=PATIENCE, **options)
        self.addAsyncCleanup(socket.disconnect)
        return socket, ears

    async def hears(self, ears, event):
        # The queue blocks, and the loop that fills it must not.
        return await asyncio.to_thread(ears.hears, event)

    async def test_two_people_talk_in_direct_and_one_listens_in_rooms(self):
        for transports in (["websocket"], ["polling"], ["polling", "websocket"]):
            way = "-".join(transports)
            with self.subTest(way):
                ann, bob = (self.chat.sign_up(f"{name}-{way}") for name in ("ann", "bob"))
                hers, she = await self.connect(ann, "new_message", "messages_read", "typing_start", transports=transports)
                his, he = await self.connect(bob, "new_message", "message_notification", transports=transports)
                also, ears = await self.connect(bob, "message", transports=transports)
                self.assertEqual(hers.transport(), transports[-1])

                new = {"toUserId": bob.id, "content": "Hello"}
                first = (await hers.call("send_message", new, timeout=PATIENCE))["message"]
                place = first["conversation_id"]
                self.assertEqual((first["sender_id"], first["receiver_id"]), (ann.id, bob.id))
                self.assertEqual((await self.hears(he, "message_notification"))["type"], "new_message")
                self.assertEqual(await self.hears(she, "new_message"), first)

                self.assertTrue((await his.call("join_conversation", place, timeout=PATIENCE))["ok"])
                self.assertTrue((await also.call("joinRoom", {"roomId": place}, timeout=PATIENCE))["ok"])
                await his.emit("typing_start", {"conversationId": place, "toUserId": ann.id})
                self.assertEqual((await self.hears(she, "typing_start"))["userId"], bob.id)

                # Few enough for one poll's answer: this client takes 16 packets in one and no more.
                numbers = [str(number) for number in range(5)]
                for number in numbers:
                    await hers.emit("send_message", {"conversationId": place, "content": number})
                heard = [(await self.hears(he, "new_message"))["content"] for _ in numbers]
                self.assertEqual(heard, numbers)
                heard = [(await self.hears(ears, "message"))["content"] for _ in numbers]
                self.assertEqual(heard, numbers)

                self.assertTrue((await his.call("mark_read", {"conversationId": place}, timeout=PATIENCE))["ok"])
                read = await self.hears(she, "messages_read")
                self.assertEqual((read["conversationId"], read["userId"]), (place, bob.id))

    async def test_a_bad_token_is_refused_in_words(self):
        for auth in ({"token": "not-a-token"}, None):
            socket = socketio.AsyncClient(reconnection=False)
            told, reasons = refusal(socket)
            with self.assertRaises(socketio.exceptions.ConnectionError):
                await socket.connect(self.chat.url, auth=auth, wait_timeout=PATIENCE)
            self.assertTrue(await asyncio.to_thread(told.wait, PATIENCE))
            self.assertRegex(str(reasons), "(?i)token")


if __name__ == "__main__":
    unittest.main()
