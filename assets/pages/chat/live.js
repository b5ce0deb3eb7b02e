// What happens while one looks? The socket of mentor's namespace `/chat`, which hears all of one's conversations by
// itself, and for a moment one of direct's in `/`, because only direct says of an old message whether it has been read.
//
// Nothing is missed: whoever comes back says the id of the last message that they heard, and the server first tells what
// came since, in the order in which it was said, wherever that was.

import { path } from '../here.js';
import { io, Manager } from '../vendor/socket.io.js';

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
  socket.on('messages_read', ({ conversationId, userId, readAt }) => on.read(conversationId, userId, readAt));
  socket.on('new_notification', (notice) => on.notice(notice));
  socket.on('error', (problem) => on.problem(problem));

  let stopAsking = () => {};
  return {
    /** The conversations as they were listed after connecting: where nothing was heard before, they are where we begin. */
    listed: (conversations) => (last ??= newest(conversations)),
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

/** The id of what was said last in any of these conversations. */
function newest(conversations) {
  const latest = conversations.flatMap(({ lastMessage }) => lastMessage ?? []);
  return latest.reduce((one, other) => (one?.createdAt > other.createdAt ? one : other), null)?.id ?? null;
}

/**
 * Which of one's messages in a conversation have been read? Joining it by direct's event from an old position tells its
 * messages since, each with `is_read`; what is read later comes as `messages_read`. The connection is one of its own,
 * since a position belongs to a connection, and ends with the message that was sent at `until`, the last one known.
 */
function askRead(token, id, since, until, tell) {
  const own = Number(JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub);
  const auth = { token, lastMessageId: since };
  const socket = io(location.origin, { path, auth, forceNew: true, reconnection: false, transports: ['websocket', 'polling'], tryAllTransports: true });
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
