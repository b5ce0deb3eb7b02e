// Who is connected now, and how? Each socket can be ended here.
import { html } from '../vendor/preact-htm.js';
import { admin } from './api.js';
import { sure } from './dialogs.js';
import { List } from './list.js';
import { Dialect, Screen } from './parts.js';
import { href } from './route.js';
import { When, count } from './words.js';

const end = (socket, reload) => sure({
  title: 'End this socket', button: 'End it', done: 'The socket is ended', gone: true,
  text: `${socket.user.name} loses this connection now. A client that connects again by itself comes back; to keep somebody out, suspend them.`,
  act: () => admin('DELETE', `sockets/${encodeURIComponent(socket.id)}`).then(reload),
});

const columns = (reload) => [
  { title: 'Who', kind: 'main', cell: (socket) => html`<a href=${href('people', socket.user.id)}>${socket.user.name}</a>
    <span class="small quiet block">${socket.userAgent || 'unknown client'}</span>` },
  { title: 'Dialects', cell: (socket) => html`<span class="tags">${socket.dialects.length
    ? socket.dialects.map((name) => html`<${Dialect} name=${name} />`) : html`<span class="quiet">none yet</span>`}</span>` },
  { title: 'Transport', cell: (socket) => html`${socket.transport} <span class="small quiet block nobreak">in <code>${socket.namespace}</code></span>` },
  { title: 'Rooms', kind: 'number', cell: (socket) => count(socket.rooms) },
  { title: 'Address', cell: (socket) => html`<span class="nobreak">${socket.address}</span>
    ${socket.server && html`<span class="small quiet block nobreak">at ${socket.server}</span>`}` },
  { title: 'Since', cell: (socket) => html`<${When} at=${socket.connectedAt} />` },
  { title: 'Acts', kind: 'acts', cell: (socket) => html`<button class="button slim bad" onClick=${() => end(socket, reload)}
    aria-label=${`End the socket of ${socket.user.name}`}>End</button>` },
];

const silence = ({ silent }) => silent.length > 0 && html`
  <p class="notice" role="status">Not listed are the sockets of ${silent.join(' and ')}, which does not answer.</p>`;

export function Sockets({ screen, params }) {
  return html`
    <${Screen} title="Sockets" lead="Looked at again every five seconds.">
      <${List} screen=${screen} params=${params} path="sockets" name="sockets" label="Sockets" search="Search people and addresses" seconds=${5}
        columns=${columns} note=${silence} empty=${html`Nobody is connected. <a href="#try">Try it</a> opens a socket from here.`} />
    </${Screen}>`;
}
