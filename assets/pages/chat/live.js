// How does the page hear what happens? By a socket in mentor's namespace `/chat`, which joins all of one's conversations.
//
// Nothing is missed: when the socket connects again it sends the position of the last message or change that it heard. The
// server first sends everything since then, of all conversations, in its order.

import { path } from '../here.js';
import { Manager } from '../vendor/socket.io.js';

/** Connects; `on` has a function for each event. */
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
    // The server does not join open rooms that one only looks into. Joined at once, they are caught up with the rest.
    for (const id of overheard) socket.emit('join_conversation', { conversationId: id });
    on.connected(last !== null);
  });
  socket.on('disconnect', (reason) => {
    on.disconnected();
    // The server ended this socket: the login was ended elsewhere, or the server stops. `refused` finds out which.
    if (reason === 'io server disconnect') on.refused();
  });
  socket.on('connect_error', () => {
    on.disconnected();
    // The server refused the connection, so the client does not try again by itself.
    if (!socket.active) on.refused();
  });
  socket.on('new_message', ({ message }) => {
    last = message.id;
    on.message(message);
  });
  socket.on('message_updated', ({ conversationId, message }) => {
    last = message.position;
    on.updated(conversationId, message);
  });
  socket.on('message_deleted', ({ conversationId, messageId, position }) => {
    last = position;
    on.deleted(conversationId, messageId);
  });
  socket.on('user_typing', ({ conversationId, userId, isTyping }) => on.typing(conversationId, userId, isTyping));
  socket.on('messages_read', ({ conversationId, userId, messageCreatedAt }) => on.read(conversationId, userId, messageCreatedAt));
  socket.on('conversation_read', ({ conversationId, unreadCount }) => on.ownRead(conversationId, unreadCount));
  socket.on('conversation_updated', (looks) => on.looks(looks));
  socket.on('conversation_settings', (settings) => on.settings(settings));
  socket.on('member_joined', (who) => on.peopled(who));
  socket.on('member_left', (who) => on.peopled(who));
  socket.on('member_restrained', (restraint) => on.restrained(restraint));
  socket.on('user_presence', (presence) => on.presence(presence));
  socket.on('user_updated', (person) => on.renamed(person));
  socket.on('conversation_joined', ({ conversationId }) => on.joined(conversationId));
  socket.on('conversation_left', ({ conversationId }) => on.left(conversationId));
  socket.on('block_changed', () => on.blocked());
  socket.on('new_notification', (notice) => on.notice(notice));
  socket.on('error', (problem) => on.problem(problem));

  return {
    /** The list of conversations was read at this position of the log: if nothing was heard yet, what comes after it is heard. */
    listed: (position) => (last ??= position),
    again: () => socket.connect(),
    /** The token to connect with the next time. */
    goOnWith: (fresh) => (token = fresh),
    /** Joins an open room to look into it; resolves once its messages are heard. */
    overhear: (id) => {
      overheard.add(id);
      return socket.timeout(5_000).emitWithAck('join_conversation', { conversationId: id }).catch(() => {});
    },
    stopOverhearing: (id) => overheard.delete(id) && socket.emit('leave_conversation', { conversationId: id }),
    type: (id, isTyping) => socket.connected && socket.volatile.emit('typing', { conversationId: id, isTyping }),
    /** Says that one has read up to this message. */
    markRead: (id, messageId) => socket.connected && socket.emit('mark_read', { conversationId: id, messageId }),
    close: () => socket.disconnect(),
  };
}
