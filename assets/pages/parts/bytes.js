// What becomes of bytes outside the page: text for the clipboard, and files that a browser may show.

/** What is shown as a picture. Everything else is bytes, which a browser must not take for a page of ours and run. */
export const pictures = /^image\/(png|jpe?g|gif|webp|avif|bmp)$/;

/** Copies text. Without TLS, away from localhost, there is no clipboard: then the old way, by selecting it. */
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
