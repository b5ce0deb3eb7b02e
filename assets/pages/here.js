// Where is the server, as this page reaches it? A proxy may serve it below a path, such as https://example.com/chat/, and
// only the page's own address tells which.

// This module is at /assets/<hash>/here.js.
const root = new URL(import.meta.url.slice(0, import.meta.url.lastIndexOf('/assets/') + 1));

/** The server's address, without a slash at the end. */
export const server = root.href.slice(0, -1);
/** The prefix of every path of the server; nearly always empty. */
export const below = root.pathname.slice(0, -1);
/** Adds the prefix to a path of the server; a whole address stays as it is. */
export const at = (path) => (path.startsWith('/') ? below + path : path);
/** The path of a file in assets/pages, under the hash by which browsers keep it. */
export const made = (name) => new URL(name, import.meta.url).pathname;
/** The path of Socket.IO, for its clients' `path` option: they take the path of a URL for a namespace. */
export const path = at('/socket.io');
