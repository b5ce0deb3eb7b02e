// Which sign stands for which screen? Lines on a grid of 24, in the colour of the text.
import { html } from '../vendor/preact-htm.js';

const paths = {
  mark: 'M4 5h16v11H11l-5 4v-4H4z M8 9h8 M8 12h5',
  menu: 'M4 7h16 M4 12h16 M4 17h16',
  overview: 'M4 20V10 M10 20V4 M16 20v-7 M21 20H3',
  wire: 'M3 12h4l3-7 4 14 3-7h4',
  sockets: 'M9 3v5 M15 3v5 M6 8h12v3a6 6 0 0 1-12 0z M12 17v4',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M3 20c0-3.5 2.5-6 6-6s6 2.5 6 6 M16 4.5a3.5 3.5 0 0 1 0 6 M18 14.5c2 .8 3 2.800 3 5.500',
  conversations: 'M3 4h12v8H8l-3 3v-3H3z M18 9h3v8h-2v3l-3-3h-5v-2',
  files: 'M6 3h8l4 4v14H6z M14 3v4h4 M9 13h6 M9 17h6',
  sessions: 'M4 6h16v14H4z M4 10h16 M8 3v5 M16 3v5',
  outbox: 'M3 6h18v12H3z M3 7l9 7 9-7',
  notifications: 'M6 16v-5a6 6 0 0 1 12 0v5l2 2H4z M10 21h4',
  backup: 'M12 3v11 M7 10l5 5 5-5 M4 17v4h16v-4',
  audit: 'M5 3h14v18H5z M9 8h6 M9 12h6 M9 16h3',
  settings: 'M4 7h9 M17 7h3 M15 5v4 M4 17h3 M11 17h9 M9 15v4',
  try: 'M8 7l-5 5 5 5 M16 7l5 5-5 5 M14 4l-4 16',
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${paths[name] ?? ''} /></svg>`;
