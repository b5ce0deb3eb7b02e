// How is it served on Node? Express, socket.io, better-sqlite3, bcrypt.

import { createServer } from 'node:http';
import bcrypt from 'bcrypt';
import Database from 'better-sqlite3';
import express from 'express';
import { Server } from 'socket.io';

import { refusal } from './refused.mjs';

export const openDatabase = (file) => new Database(file);

export const passwords = (cost) => ({
  hash: (password) => bcrypt.hash(password, cost),
  fits: (password, hash) => bcrypt.compare(password, hash),
});

export const open = async (rest) => {
  const app = express();
  // An ETag would be a hash of every answer, and nobody asks for one.
  app.disable('x-powered-by').disable('etag').set('query parser', (text) => new URLSearchParams(text));
  app.use(express.json({ limit: '128kb' }));
  for (const [method, path, handle] of rest.routes) {
    app[method.toLowerCase()](path, async (request, response) => {
      let reply;
      try {
        const { params, query, body, headers: { authorization } } = request;
        reply = await handle({ authorization, params, query, body });
      } catch (error) {
        reply = refusal(error);
      }
      response.status(reply.status).json(reply.body);
    });
  }
  const server = createServer(app);
  const io = new Server(server, { serveClient: false });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', 4096, resolve); });
  return { io, port: server.address().port };
};
