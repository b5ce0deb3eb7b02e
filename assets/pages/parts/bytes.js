// What leaves the page? Text for the clipboard, and files for the browser to show or save.

/** The types that are shown as pictures. Anything else is only bytes: a browser must not take it for a page of ours and run it. */
export const pictures = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/;

/** Copies text. Without TLS browsers offer no clipboard, except on localhost: then we select the text and copy it the old way. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

/** Has the browser save what is at an address. */
export const save = (url, name) => Object.assign(document.createElement('a'), { href: url, download: name }).click();
