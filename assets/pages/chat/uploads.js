// Which files go with the next message? Each is uploaded as soon as it is chosen, with its progress.
//
// An item of `conversation.uploads` is `{ key, name, size, picture, progress, attachment, why }`.

import * as api from './api.js';
import { size } from './text.js';
import { changed, store, toast } from './store.js';

let made = 0;

export function add(conversation, files) {
  const chosen = [...files];
  const { maxAttachments, maxUpload } = store.about;
  const room = maxAttachments - conversation.uploads.length;
  if (chosen.length > room) toast({ title: `A message carries at most ${maxAttachments} files`, kind: 'bad' });
  for (const file of chosen.slice(0, room)) {
    const item = {
      key: ++made,
      file,
      // To try again is the same upload; to choose the file again is another one.
      clientId: `file-${made}-${Date.now()}-${Math.random().toString(36).slice(2)}`,
      name: file.name || 'file',
      size: file.size,
      picture: file.type.startsWith('image/') && file.type !== 'image/svg+xml' ? URL.createObjectURL(file) : null,
    };
    conversation.uploads = [...conversation.uploads, item];
    if (file.size > maxUpload) item.why = tooLarge();
    else upload(conversation, item);
  }
  changed();
}

export async function upload(conversation, item) {
  Object.assign(item, { progress: 0, why: '' });
  changed();
  const going = api.upload(conversation.id, item.file, item.clientId, (progress) => {
    item.progress = progress;
    changed();
  });
  item.abort = going.abort;
  try {
    item.attachment = await going.done;
  } catch (refusal) {
    item.why = refusal.status === 413 ? tooLarge() : refusal.message;
  }
  changed();
}

const tooLarge = () => (Number.isFinite(store.about.maxUpload) ? `Too large: at most ${size(store.about.maxUpload)}.` : 'Too large.');

export function remove(conversation, item) {
  if (!item.attachment) item.abort?.();
  forget(item);
  conversation.uploads = conversation.uploads.filter((one) => one !== item);
  changed();
}

/** Takes those that are uploaded. Failed ones stay, so that nobody believes they were sent. */
export function take(conversation) {
  const ready = conversation.uploads.filter((item) => item.attachment);
  conversation.uploads = conversation.uploads.filter((item) => !item.attachment);
  ready.forEach(forget);
  return ready.map((item) => item.attachment);
}

export const isBusy = (conversation) => conversation.uploads.some((item) => !item.attachment && !item.why);

const forget = (item) => item.picture && URL.revokeObjectURL(item.picture);
