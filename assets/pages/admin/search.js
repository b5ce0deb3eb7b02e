// Who said what, and where? Messages of all conversations by their words, the newest first.
import { Refused } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { admin, query } from './api.js';
import { Said } from './conversations.js';
import { Search as Field } from './list.js';
import { Screen, Tag, Waiting } from './parts.js';
import { href, rename } from './route.js';
import { nameOf } from './words.js';

const nothing = { all: [], more: false, busy: false, wrong: null, indexing: false };

/** The pages that were loaded so far of what is searched for. */
function useFound(q) {
  const [found, set] = useState(nothing);
  const load = async (before, stop) => {
    set((was) => ({ ...was, busy: true }));
    try {
      const { messages, hasMore, indexing } = await admin('GET', `search${query({ q, before, limit: 50 })}`, undefined, { signal: stop?.signal });
      if (stop?.signal.aborted) return;
      set((was) => ({ all: before ? [...was.all, ...messages] : messages, more: hasMore, busy: false, wrong: null, indexing }));
    } catch (wrong) {
      if (!stop?.signal.aborted) set((was) => ({ ...was, all: before ? was.all : [], more: before ? was.more : false, busy: false, wrong }));
    }
  };
  useEffect(() => {
    if (!q) return set(nothing);
    const stop = new AbortController();
    load(undefined, stop);
    return () => stop.abort();
  }, [q]);
  const gone = ({ id }) => set((was) => ({ ...was, all: was.all.filter((one) => one.id !== id) }));
  return { ...found, gone, again: () => load(), earlier: () => load(found.all.at(-1).id) };
}

const help = html`Words, and <code>"phrases"</code>; <code>from:</code> a person, <code>in:</code> a conversation, <code>has:file</code>,
  <code>has:link</code>, <code>before:</code> and <code>after:</code> a day, as <code>after:2026-01-31</code>.`;

export function Search({ screen, params: { q = '' } }) {
  const found = useFound(q);
  return html`
    <${Screen} title="Search" lead="What was said, in all conversations, the newest first.">
      <div class="tools" role="search">
        <${Field} label="Search messages" value=${q} change=${(text) => rename(href(screen, '', { q: text }))} />
      </div>
      <p class="small quiet">${help}</p>
      <${Refused} refusal=${found.wrong} retry=${found.again} />
      ${found.indexing && html`<p class="small" role="status">Older messages are still being indexed: some may be missing.</p>`}
      <div class="card flush" aria-busy=${found.busy}>
        ${found.busy && !found.all.length && html`<${Waiting} rows=${4} />`}
        ${!found.busy && !found.all.length && !found.wrong && html`<p class="empty">${q ? 'Nothing is like that. Search for something else.' : 'Search for something that was said.'}</p>`}
        <ol class="messages" aria-label="Messages found">${found.all.map((message) => html`
          <${Said} key=${message.id} message=${message} gone=${() => found.gone(message)}
            place=${html`<a href=${href('conversations', message.conversation.id)}>${nameOf(message.conversation)}</a> <${Tag}>${message.conversation.type}</${Tag}>`} />`)}</ol>
      </div>
      ${found.more && html`<p class="pages"><button class="button" disabled=${found.busy} onClick=${found.earlier}>Earlier messages</button></p>`}
    </${Screen}>`;
}
