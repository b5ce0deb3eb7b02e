// Where are the bytes of a file that a message carries? Fetched once, and kept in memory as long as the page lives.

import { pictures } from '../parts/bytes.js';
import { useEffect, useState } from '../vendor/preact-htm.js';
import * as api from './api.js';

const fetched = new Map();

/** The address in this browser of a file of this server. */
export function fetchOnce(url) {
  if (!fetched.has(url)) {
    const coming = api.fileBytes(url).then((blob) => URL.createObjectURL(blob));
    coming.catch(() => fetched.delete(url));
    fetched.set(url, coming);
  }
  return fetched.get(url);
}

/** For a view: the address once it is there, and the refusal if it will not be: `[shown, refusal]`. Without an address there is neither. */
export function useFetched(url) {
  const [got, get] = useState({});
  useEffect(() => {
    if (!url) return;
    let wanted = true;
    fetchOnce(url).then((shown) => wanted && get({ url, shown }), (refusal) => wanted && get({ url, refusal }));
    return () => (wanted = false);
  }, [url]);
  return got.url === url ? [got.shown ?? null, got.refusal ?? null] : [null, null];
}

/** Is this attachment shown as a picture? What is at another server is not: fetching it would tell that server who reads. */
export const isPicture = ({ url, mimeType }) => api.isFile(url) && pictures.test(mimeType);
