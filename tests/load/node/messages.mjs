// How is a message sent and shown, whichever way it came?

import { Refused } from './refused.mjs';

/** Posts once committed; then everybody in the room hears it, and then its sender is answered. */
export const post = (store, io, me, roomId, content, done) => {
  const room = Number(roomId);
  if (!Number.isSafeInteger(room) || typeof content !== 'string' || content === '' || content.length > 8000) {
    done(new Refused(400, 'Validation failed'));
    return;
  }
  store.write(() => {
    if (!store.isMember.get(room, me.id)) throw new Refused(404, 'Room not found');
    const now = Date.now();
    return { id: Number(store.addMessage.run(room, me.id, content, now).lastInsertRowid), now };
  }, (error, sent) => {
    if (error) { done(error); return; }
    const message = {
      _id: String(sent.id), content, sender: { _id: String(me.id), username: me.username },
      room: String(room), createdAt: new Date(sent.now).toISOString(),
    };
    io.to(String(room)).emit('message', message);
    done(null, message);
  });
};

export const listed = (row) => ({
  _id: String(row.id), content: row.content, sender: { _id: String(row.sender), username: row.username },
  createdAt: new Date(row.created_at).toISOString(),
});

/** A conversation in a list: its people, its last message, what is unread. */
export const overview = (store, row) => ({
  id: String(row.id), type: 'room', name: row.name,
  participants: store.people.all(row.id).map((one) => ({ id: String(one.id), fullName: one.username })),
  lastMessage: row.last_id && {
    id: String(row.last_id), content: row.content, senderId: String(row.sender),
    createdAt: new Date(row.created_at).toISOString(),
  },
  unreadCount: row.unread,
  updatedAt: row.created_at && new Date(row.created_at).toISOString(),
});
