// How does something become a file on the reader's disk?

/** Has the browser save what is at an address. */
export function save(url, name) {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

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
