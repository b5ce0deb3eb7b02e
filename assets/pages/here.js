// Where is the server, as this page reaches it? A proxy in front may keep it below a path, https://example.com/chat/,
// and only the page's own address tells.

// This module is at /assets/<hash>/here.js.
const root = new URL(import.meta.url.slice(0, import.meta.url.lastIndexOf('/assets/') + 1));

/** The server's address, without a slash at the end. */
export const server = root.href.slice(0, -1);
/** What stands before every path of the server; nearly always nothing. */
export const below = root.pathname.slice(0, -1);
/** A path of the server, as a browser finds it; what is a whole address stays. */
export const at = (path) => (path.startsWith('/') ? below + path : path);
/** Something that the pages are made of, as the browser keeps it. */
export const made = (name) => new URL(name, import.meta.url).pathname;
/** Where Socket.IO is: its clients take namespaces for paths, so it is an option of theirs. */
export const path = at('/socket.io');
