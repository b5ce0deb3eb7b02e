// What was begun and not sent? The words in each conversation's place to write, kept in this browser for this account: over
// a reload, another conversation, and being signed out in the middle of a sentence. Whoever signs out leaves none.

const prefix = (me) => `chat.draft.${me}.`;

export function read(me, conversationId) {
  try {
    return localStorage.getItem(prefix(me) + conversationId) ?? '';
  } catch {
    return '';
  }
}

/** Keeps the words; none are nothing to keep. */
export function keep(me, conversationId, text) {
  try {
    if (text) localStorage.setItem(prefix(me) + conversationId, text);
    else localStorage.removeItem(prefix(me) + conversationId);
  } catch {
    // A full or forbidden store: they live as long as the page.
  }
}

export function forgetAll(me) {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix(me))) localStorage.removeItem(key);
}
