// What does the page know? One plain object. The verbs in login.js, conversations.js, events.js and others change it; the
// views draw it again after every change.

import { useEffect, useState } from '../vendor/preact-htm.js';

export const store = {
  /** `{ id, name, email }` once signed in; `null` if nobody is; `undefined` while we ask. */
  me: undefined,
  /** What this server allows, see `GET /api/about`; these values hold until it has answered. */
  about: { maxMessage: Infinity, maxUpload: Infinity, maxAttachments: 10, googleLogin: false, signUp: 'open', signUpDomains: [], membersInvite: false, keepMessages: null, keepFiles: null },
  /** Why one has to sign in again, in words. */
  farewell: '',
  online: true,
  /** Did the list of conversations come? */
  ready: false,
  /** id → see `conversations.js` */
  conversations: new Map(),
  /** The id of the conversation that is shown. */
  shown: null,
  /** Names of people by id, also of those who have left: see `people.js` */
  names: new Map(),
  /** Who is there, by id: see `presence.js` */
  presence: new Map(),
  /** Messages on their way: see `pending.js` */
  pending: [],
  /** `{ key, title, text, kind, dismiss }` */
  toasts: [],
  /** Notifications: see `notices.js` */
  notices: { list: [], unread: 0 },
  /** The picture that one looks at: `{ messageId, url, only }`, see `viewer.js` */
  viewing: null,
  /** The open menu of a message: `{ one, message, anchor }`, where `one` is its conversation */
  menu: null,
  /** For which message an emoji is chosen, and which one is about to be deleted: `{ one, message }` */
  picking: null,
  removing: null,
  /** What is open beside the conversation: see `pane.js` */
  pane: null,
  /** The latest messages of others, for screen readers. */
  spoken: [],
};

const views = new Set();
let due = false;

/** The store has changed: the views draw again, once for all changes of this turn. */
export function changed() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    for (const draw of views) draw();
  });
}

/** For a view: the store; the view is drawn again when it changes. */
export function useStore() {
  const [, draw] = useState(0);
  useEffect(() => {
    const again = () => draw((times) => times + 1);
    views.add(again);
    // Something may have changed between drawing and listening.
    again();
    return () => views.delete(again);
  }, []);
  return store;
}

let toasted = 0;

/** Shows a notice in the corner until it is dismissed, for six seconds at most. */
export function toast({ title, text = '', kind = '' }) {
  const key = ++toasted;
  const dismiss = () => {
    store.toasts = store.toasts.filter((one) => one.key !== key);
    changed();
  };
  store.toasts = [...store.toasts.slice(-3), { key, title, text, kind, dismiss }];
  setTimeout(dismiss, 6_000);
  changed();
}

/** Has screen readers read something out; nobody sees it. */
export function say(words) {
  const key = ++toasted;
  store.spoken = [...store.spoken.slice(-4), { key, words }];
  changed();
}
