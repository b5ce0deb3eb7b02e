// What has the system to say? Its notifications that one has not put away yet, here or anywhere, the newest first.

import * as api from './api.js';
import { changed, store, toast } from './store.js';

/** So many are shown at once; when one goes, the next one comes. */
export const SHOWN = 3;
/** Pages of a hundred that are looked through for them, if many newer ones were put away. */
const PAGES = 20;

/** Asks for them: on coming in, and when there is a new one, whose id is spelled in another way on the connection. */
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

/** A new one. On a phone the list where it stands is another screen, so it is shown for a moment. */
export function heard({ title, message }) {
  if (store.shown && matchMedia('(max-width: 720px)').matches) toast({ title, text: message });
  refresh().catch(() => {});
}

/** Puts one away, everywhere. */
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
