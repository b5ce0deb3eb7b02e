// Which screen is it? The hash of the address says so, `#people/ID?q=ann`, so the back button works.
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

/** Changes the address without a new step for the back button, as while typing. */
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
