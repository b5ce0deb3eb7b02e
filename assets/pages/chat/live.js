// What happens while one looks? The socket of mentor's namespace `/chat`, which hears all of one's conversations by
// itself.
//
// Nothing is missed: whoever comes back says the id of the last message that they heard, and the server first tells what
// came since, in the order in which it was said, wherever that was.

import { path } from '../here.js';
import { Manager } from '../vendor/socket.io.js';

/** Begins to listen; `on` has a function for each thing that may happen. */
export function listen(token, on) {
  const manager = new Manager(location.origin, {
    path,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 10_000,
  });
  let last = null;
  const auth = (tell) => tell({ token, ...(last && { lastMessageId: last }) });
  const socket = manager.socket('/chat', { auth });
  const overheard = new Set();

  socket.on('connect', () => {
    // What somebody only looks into is not joined by itself. Said at once, it is caught up together with the rest.
    for (const id of overheard) socket.emit('join_conversation', { conversationId: id });
    on.connected(last !== null);
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
    last = message.id;
    on.message(message);
  });
  socket.on('user_typing', ({ conversationId, userId, isTyping }) => on.typing(conversationId, userId, isTyping));
  socket.on('messages_read', ({ conversationId, userId, messageCreatedAt }) => on.read(conversationId, userId, messageCreatedAt));
  socket.on('conversation_read', ({ conversationId, unreadCount }) => on.ownRead(conversationId, unreadCount));
  socket.on('conversation_joined', ({ conversationId }) => on.joined(conversationId));
  socket.on('conversation_left', ({ conversationId }) => on.left(conversationId));
  socket.on('new_notification', (notice) => on.notice(notice));
  socket.on('error', (problem) => on.problem(problem));

  return {
    /** The conversations as they were listed after connecting: where nothing was heard before, they are where we begin. */
    listed: (conversations) => (last ??= newest(conversations)),
    again: () => socket.connect(),
    /** With which token it comes in the next time. */
    goOnWith: (fresh) => (token = fresh),
    /** Hears an open room that is not one's own; resolves once nothing more can be missed. */
    overhear: (id) => {
      overheard.add(id);
      return socket.timeout(5_000).emitWithAck('join_conversation', { conversationId: id }).catch(() => {});
    },
    stopOverhearing: (id) => overheard.delete(id) && socket.emit('leave_conversation', { conversationId: id }),
    type: (id, isTyping) => socket.connected && socket.volatile.emit('typing', { conversationId: id, isTyping }),
    /** One has read up to this message. */
    markRead: (id, messageId) => socket.connected && socket.emit('mark_read', { conversationId: id, messageId }),
    close: () => socket.disconnect(),
  };
}

/** The id of what was said last in any of these conversations. */
function newest(conversations) {
  const latest = conversations.flatMap(({ lastMessage }) => lastMessage ?? []);
  return latest.reduce((one, other) => (one?.createdAt > other.createdAt ? one : other), null)?.id ?? null;
}
