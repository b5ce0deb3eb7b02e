// Which notifications are unread? Those that one has not dismissed on any device, the newest first.

import * as api from './api.js';
import { changed, store, toast } from './store.js';

/** How many are shown at once; when one is dismissed, the next one appears. */
export const SHOWN = 3;
/** How many pages of a hundred are searched for them, if many newer ones were dismissed. */
const PAGES = 20;

/** Loads them: on connecting, and when there is a new one, because the socket's event spells its id in another way. */
export async function refresh() {
  const list = [];
  let unread = 0;
  for (let page = 1, of = 1; page <= Math.min(of, PAGES); page += 1) {
    const { notifications, unreadCount, pagination } = await api.notices(page);
    list.push(...notifications.filter(({ is_read }) => !is_read));
    unread = unreadCount;
    of = list.length < Math.min(SHOWN, unread) ? pagination.totalPages : 0;
  }
  store.notices = { list, unread };
  changed();
}

/** There is a new one. On a phone the list is another screen, so the notification is also shown for a moment. */
export function heard({ title, message }) {
  if (store.shown && matchMedia('(max-width: 720px)').matches) toast({ title, text: message });
  refresh().catch(() => {});
}

/** Dismisses one, on all devices. */
export async function dismiss({ id }) {
  const before = store.notices;
  store.notices = { list: before.list.filter((one) => one.id !== id), unread: before.unread - 1 };
  changed();
  try {
    await api.readNotice(id);
    if (store.notices.list.length < store.notices.unread) await refresh();
  } catch (refusal) {
    if (refusal.status === 401) return;
    store.notices = before;
    toast({ title: 'It could not be put away', text: refusal.message, kind: 'bad' });
  }
}
