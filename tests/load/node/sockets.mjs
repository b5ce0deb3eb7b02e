// What may a socket say, and what does it hear? `joinRoom`, `leaveRoom` and `message`, each with a callback.

import { post } from './messages.mjs';
import { refusal, Refused } from './refused.mjs';

export const listen = (io, store, accounts) => {
  io.use((socket, next) => {
    try {
      const token = socket.handshake.auth.token ?? '';
      socket.data.me = accounts.me(token.startsWith('Bearer ') ? token.slice(7) : token);
      next();
    } catch (error) {
      next(error);
    }
  });
  io.on('connection', (socket) => {
    const { me } = socket.data;
    const answer = (error, message, done) => {
      const { status, body } = error ? refusal(error) : {};
      if (error) socket.emit('error', { message: body.message, statusCode: status });
      done?.(error ? { ok: false, error: body } : { ok: true, message });
    };
    socket.on('joinRoom', (payload, done) => {
      const room = Number(payload?.roomId);
      store.write(() => {
        if (!store.roomById.get(room)) throw new Refused(404, 'Room not found');
        if (!store.isMember.get(room, me.id)) store.addMember.run(room, me.id, room);
      }, (error) => {
        if (!error) socket.join(String(room));
        answer(error, undefined, done);
      });
    });
    socket.on('leaveRoom', (payload, done) => {
      socket.leave(String(payload?.roomId));
      answer(null, undefined, done);
    });
    socket.on('message', (payload, done) => {
      post(store, io, me, payload?.roomId, payload?.content, (error, message) => answer(error, message, done));
    });
  });
};
