// Where are we? The hash says it: `#people/ID?q=ann`; the back button works because of it.
import { useEffect, useState } from '../vendor/preact-htm.js';
import { query } from './api.js';

export function here() {
  const [path, search = ''] = location.hash.slice(1).split('?');
  const [screen = '', id = ''] = path.split('/').map(decode);
  return { screen: screen || 'overview', id, params: Object.fromEntries(new URLSearchParams(search)) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const href = (screen, id = '', params = {}) => `#${screen}${id && `/${encodeURIComponent(id)}`}${query(params)}`;

export function go(hash) {
  location.hash = hash;
}

/** Changes what stands in the address without a step for the back button, as while typing. */
export function rename(hash) {
  history.replaceState(null, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute() {
  const [route, set] = useState(here);
  useEffect(() => {
    const look = () => set(here());
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return route;
}
