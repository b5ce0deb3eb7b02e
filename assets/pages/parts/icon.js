// Which sign stands for which thing? Lines on a grid of 24, in the colour of the text.

import { html } from '../vendor/preact-htm.js';

const paths = {
  // What one can do, and how far a message has come.
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  clip: 'M20 11.5l-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8',
  send: 'M4 12l16-7-5 15-3.5-6.5z',
  down: 'M12 5v13M6 12.5l6 6 6-6',
  smile: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.5M15 9.5v.5',
  pin: 'M9 3h6l-1 7 4 4H6l4-4zM12 14v7',
  find: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21',
  mute: 'M6 16v-5a6 6 0 0 1 12 0v5l2 2H4z M10 21h4 M4 3l16 18',
  file: 'M7 3h7l5 5v13H7zM14 3v5h5',
  room: 'M9 4L7 20M17 4l-2 16M4 9h17M3 15h17',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  sent: 'M5 12.5l4.5 4.5L19 7.5',
  read: 'M2 12.5l4.5 4.5L15 8M11.5 15.5L13 17l8.5-9',
  away: 'M12 8v5M12 16.5v.5M12 3L2 20h20z',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5',
  // The administration's screens.
  mark: 'M4 5h16v11H11l-5 4v-4H4z M8 9h8 M8 12h5',
  menu: 'M4 7h16 M4 12h16 M4 17h16',
  invitations: 'M3 6h18v13H3z M3 7l9 7 9-7 M18 2v4 M16 4h4',
  overview: 'M4 20V10 M10 20V4 M16 20v-7 M21 20H3',
  wire: 'M3 12h4l3-7 4 14 3-7h4',
  sockets: 'M9 3v5 M15 3v5 M6 8h12v3a6 6 0 0 1-12 0z M12 17v4',
  conversations: 'M3 4h12v8H8l-3 3v-3H3z M18 9h3v8h-2v3l-3-3h-5v-2',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z M15.5 15.5L21 21',
  files: 'M6 3h8l4 4v14H6z M14 3v4h4 M9 13h6 M9 17h6',
  sessions: 'M4 6h16v14H4z M4 10h16 M8 3v5 M16 3v5',
  outbox: 'M3 6h18v12H3z M3 7l9 7 9-7',
  notifications: 'M6 16v-5a6 6 0 0 1 12 0v5l2 2H4z M10 21h4',
  backup: 'M12 3v11 M7 10l5 5 5-5 M4 17v4h16v-4',
  audit: 'M5 3h14v18H5z M9 8h6 M9 12h6 M9 16h3',
  settings: 'M4 7h9 M17 7h3 M15 5v4 M4 17h3 M11 17h9 M9 15v4',
  try: 'M8 7l-5 5 5 5 M16 7l5 5-5 5 M14 4l-4 16',
};

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${paths[name] ?? ''} /></svg>`;
