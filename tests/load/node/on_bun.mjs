// How is it served on Bun? Its own server and router, its engine for Socket.IO, bun:sqlite, Bun.password.

import { Database } from 'bun:sqlite';
import { Server as Engine } from '@socket.io/bun-engine';
import { Server } from 'socket.io';

import { refusal } from './refused.mjs';

export const openDatabase = (file) => new Database(file);

export const passwords = (cost) => ({
  hash: (password) => Bun.password.hash(password, { algorithm: 'bcrypt', cost }),
  fits: (password, hash) => Bun.password.verify(password, hash),
});

export const open = async (rest) => {
  const io = new Server();
  const engine = new Engine({ path: '/socket.io/' });
  io.bind(engine);
  const routes = {};
  for (const [method, path, handle] of rest.routes) {
    routes[path] = { ...routes[path], [method]: (request) => serve(method, handle, request) };
  }
  const { websocket, idleTimeout } = engine.handler();
  const server = Bun.serve({
    hostname: '127.0.0.1', port: 0, idleTimeout, websocket, routes,
    fetch: (request, server) => {
      if (new URL(request.url).pathname === '/socket.io/') return engine.handleRequest(request, server);
      return Response.json({ success: false, message: 'Not found', errors: [] }, { status: 404 });
    },
  });
  return { io, port: server.port };
};

const serve = async (method, handle, request) => {
  let reply;
  try {
    const body = method === 'POST' ? await request.json() : undefined;
    const at = request.url.indexOf('?');
    const query = new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1));
    reply = await handle({ authorization: request.headers.get('authorization'), params: request.params, query, body });
  } catch (error) {
    reply = refusal(error);
  }
  return Response.json(reply.body, { status: reply.status });
};
