// What was written and not sent? The text in each conversation's field, kept in this browser for this account. It survives a
// reload, a look at another conversation, and being signed out by the server. Signing out oneself deletes it.

const prefix = (me) => `chat.draft.${me}.`;

export function read(me, conversationId) {
  try {
    return localStorage.getItem(prefix(me) + conversationId) ?? '';
  } catch {
    return '';
  }
}

/** Keeps the text; an empty one is deleted. */
export function keep(me, conversationId, text) {
  try {
    if (text) localStorage.setItem(prefix(me) + conversationId, text);
    else localStorage.removeItem(prefix(me) + conversationId);
  } catch {
    // The browser's storage is full or forbidden: the draft lives as long as the page.
  }
}

export function forgetAll(me) {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix(me))) localStorage.removeItem(key);
}
