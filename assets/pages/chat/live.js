// What happens while one looks? The socket of mentor's namespace `/chat`, which hears all of one's conversations by
// itself, and for a moment one of direct's in `/`, because only direct says of an old message whether it has been read.
//
// Nothing is missed: whoever comes back says the last message id that they heard everything up to, and the server first
// tells what came since. A conversation is caught up on its own, so the newest message heard is that position only once
// all conversations have come as far as the list says; until then the old position stays. Repeats are dropped by id.

import { io, Manager } from '/assets/vendor/socket.io.js';

/** Begins to listen; `on` has a function for each thing that may happen. */
export function listen(token, on) {
  const manager = new Manager(location.origin, {
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 10_000,
  });
  const position = new Position();
  const auth = (tell) => tell({ token, ...(position.id && { lastMessageId: position.id }) });
  const socket = manager.socket('/chat', { auth });
  const overheard = new Set();

  socket.on('connect', () => {
    position.unsettle();
    // What somebody only looks into is not joined by itself.
    for (const id of overheard) socket.emit('join_conversation', { conversationId: id });
    on.connected(position.id !== null);
  });
  socket.on('disconnect', (reason) => {
    on.disconnected();
    // The server ended this socket: signed out elsewhere, or it goes down. `refused` finds out which.
    if (reason === 'io server disconnect') on.refused();
  });
  socket.on('connect_error', () => {
    on.disconnected();
    // Refused by the server, not cut off: the client does not try again by itself.
    if (!socket.active) on.refused();
  });
  socket.on('new_message', ({ message }) => {
    position.heard(message);
    on.message(message);
  });
  socket.on('user_typing', ({ conversationId, userId, isTyping }) => on.typing(conversationId, userId, isTyping));
  socket.on('messages_read', ({ conversationId, userId, readAt }) => on.read(conversationId, userId, readAt));
  socket.on('new_notification', (notice) => on.notice(notice));
  socket.on('error', (problem) => on.problem(problem));

  let stopAsking = () => {};
  return {
    /** The conversations as they were listed after connecting: how far there is to catch up. */
    listed: (conversations) => position.expect(conversations),
    again: () => socket.connect(),
    /** Hears an open room that is not one's own; resolves once nothing more can be missed. */
    overhear: (id) => {
      overheard.add(id);
      return socket.timeout(5_000).emitWithAck('join_conversation', { conversationId: id }).catch(() => {});
    },
    stopOverhearing: (id) => overheard.delete(id) && socket.emit('leave_conversation', { conversationId: id }),
    type: (id, isTyping) => socket.connected && socket.volatile.emit('typing', { conversationId: id, isTyping }),
    markRead: (id) => socket.connected && socket.emit('mark_read', { conversationId: id }),
    /** Which of one's messages after a position have been read? Calls `tell` with the times of those. */
    askRead: (...what) => {
      stopAsking();
      stopAsking = askRead(token, ...what);
    },
    close: () => (socket.disconnect(), stopAsking()),
  };
}

/** Up to which message everything was heard. */
class Position {
  id = null;
  #newest = null;
  #heard = new Set();
  #awaited = null;

  heard({ id, createdAt }) {
    this.#heard.add(id);
    if (!this.#newest || createdAt >= this.#newest.createdAt) this.#newest = { id, createdAt };
    this.#awaited?.delete(id);
    this.#settle();
  }

  unsettle() {
    this.#awaited = null;
  }

  expect(conversations) {
    const latest = conversations.flatMap(({ lastMessage }) => lastMessage ?? []);
    if (this.id === null) {
      // The first time there is nothing to catch up with: the list is where we begin.
      this.#awaited = new Set();
      for (const message of latest) if (!this.#heard.has(message.id)) this.heard(message);
    } else {
      this.#awaited = new Set(latest.map(({ id }) => id).filter((id) => !this.#heard.has(id)));
    }
    this.#settle();
  }

  #settle() {
    if (this.#awaited?.size === 0 && this.#newest) this.id = this.#newest.id;
  }
}

/**
 * Which of one's messages in a conversation have been read? Joining it by direct's event from an old position tells its
 * messages since, each with `is_read`; what is read later comes as `messages_read`. The connection is one of its own,
 * since a position belongs to a connection, and ends with the message that was sent at `until`, the last one known.
 */
function askRead(token, id, since, until, tell) {
  const own = Number(JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub);
  const auth = { token, lastMessageId: since };
  const socket = io(location.origin, { auth, forceNew: true, reconnection: false, transports: ['websocket', 'polling'], tryAllTransports: true });
  const done = () => socket.disconnect();
  const late = setTimeout(done, 15_000);
  socket.on('connect', () => socket.emit('join_conversation', { conversationId: id }));
  socket.on('disconnect', () => clearTimeout(late));
  socket.on('new_message', ({ sender_id, is_read, created_at }) => {
    if (sender_id === own && is_read) tell(created_at);
    if (created_at >= until) done();
  });
  return done;
}
