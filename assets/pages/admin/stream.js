// How is a stream of events read if it needs a token? With `fetch`, line by line; when it ends we ask again.
import { fetchWith } from './api.js';

/** Follows a stream until the returned function is called. */
export function follow(path, { said, missed, state, wrong }) {
  const stop = new AbortController();
  const read = async () => {
    let wait = 500;
    while (!stop.signal.aborted) {
      try {
        const answer = await fetchWith(path, { signal: stop.signal, headers: { Accept: 'text/event-stream' } });
        state('open');
        wrong(null);
        wait = 500;
        await lines(answer.body, said, missed);
      } catch (error) {
        if (stop.signal.aborted) return;
        // A refusal is final; a broken connection may come back.
        if (error.status >= 400 && error.status < 500) {
          state('refused');
          wrong(error);
          return;
        }
      }
      state('again');
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 10_000);
    }
  };
  read();
  return () => stop.abort();
}

/** Reads `data:` lines up to an empty one. A comment keeps the connection open, or says how many events were left out. */
async function lines(body, said, missed) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let data = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(/\r?\n/);
    rest = parts.pop();
    for (const line of parts) {
      if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
      else if (line === '' && data.length) {
        said(JSON.parse(data.join('\n')));
        data = [];
      } else if (/^: \d+ missed$/.test(line)) missed(parseInt(line.slice(2), 10));
    }
  }
}
