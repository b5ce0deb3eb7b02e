// How is a download read, and what is its file called?

/** Reads an answer to its end, and tells `progress` how many bytes have come. */
export async function gather(answer, progress) {
  const reader = answer.body.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts, { type: 'application/octet-stream' });
    parts.push(value);
    size += value.length;
    progress(size);
  }
}

/** The file name that the server gives. */
export function nameOf(answer, otherwise) {
  const [, name] = /filename="([^"/\\]+)"/.exec(answer.headers.get('content-disposition') ?? '') ?? [];
  return name ?? otherwise;
}
