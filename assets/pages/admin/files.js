// Which files were uploaded? All of them: to look at, to download and to delete.
import { pictures, save } from '../parts/bytes.js';
import { Refused } from '../parts/form.js';
import { html, useEffect, useState } from '../vendor/preact-htm.js';
import { admin, fetchWith } from './api.js';
import { show, sure } from './dialogs.js';
import { List } from './list.js';
import { Facts, Screen, Tag, Waiting } from './parts.js';
import { href } from './route.js';
import { When, bytes } from './words.js';

const heard = /^(audio|video)\//;

/** The content needs the token, so `fetch` loads it, not an address in `src`. */
function useFile(file) {
  const [state, set] = useState({ url: null, wrong: null });
  useEffect(() => {
    let url = null;
    let away = false;
    fetchWith(`/api/admin/files/${file.id}/content`).then((answer) => answer.blob()).then(
      (blob) => {
        if (away) return;
        url = URL.createObjectURL(new Blob([blob], { type: pictures.test(file.type) || heard.test(file.type) ? file.type : 'application/octet-stream' }));
        set({ url, wrong: null });
      },
      (wrong) => away || set({ url: null, wrong }),
    );
    return () => {
      away = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [file.id]);
  return state;
}

function Preview({ file }) {
  const { url, wrong } = useFile(file);
  const [kind] = heard.exec(file.type) ?? [''];
  return html`
    <div class="stack">
      <${Refused} refusal=${wrong} />
      ${!url && !wrong && html`<${Waiting} rows=${3} />`}
      ${url && pictures.test(file.type) && html`<img class="preview" src=${url} alt=${`Preview of ${file.name}`} />`}
      ${url && kind === 'audio/' && html`<audio controls src=${url}></audio>`}
      ${url && kind === 'video/' && html`<video class="preview" controls src=${url}></video>`}
      <${Facts} facts=${[['Type', file.type], ['Size', bytes(file.size)],
        ['From', html`<a href=${href('people', file.uploader.id)}>${file.uploader.name}</a>`], ['When', html`<${When} at=${file.createdAt} exact />`],
        file.conversation && ['In', html`<a href=${href('conversations', file.conversation)}>The conversation</a>`]]} />
      <div class="buttons"><button class="button main" disabled=${!url} onClick=${() => save(url, file.name)}>Download</button></div>
    </div>`;
}

const open = (file) => show(file.name, () => html`<${Preview} file=${file} />`);

const remove = (file, reload) => sure({
  title: 'Delete this file', button: 'Delete', done: 'The file is deleted', gone: true,
  text: `${file.name} is gone for everybody, and messages that show it will show that it is missing. This cannot be undone.`,
  act: () => admin('DELETE', `files/${file.id}`).then(reload),
});

const columns = (reload) => [
  { title: 'Name', kind: 'main', cell: (file) => html`<button class="link" onClick=${() => open(file)}>${file.name}</button>
    <span class="small quiet block">${file.type}</span>` },
  { title: 'Size', kind: 'number', cell: (file) => bytes(file.size) },
  { title: 'From', cell: (file) => (file.uploader ? html`<a href=${href('people', file.uploader.id)}>${file.uploader.name}</a>` : '–') },
  { title: 'Where', cell: (file) => html`<span class="tags">
    ${file.conversation ? html`<a href=${href('conversations', file.conversation)}>conversation</a>`
      : html`<${Tag}>${file.public ? 'public' : 'private'}</${Tag}>`}</span>` },
  { title: 'When', cell: (file) => html`<${When} at=${file.createdAt} />` },
  { title: 'Acts', kind: 'acts', cell: (file) => html`<button class="button slim bad" onClick=${() => remove(file, reload)}
    aria-label=${`Delete ${file.name}`}>Delete</button>` },
];

export function Files({ screen, params }) {
  return html`
    <${Screen} title="Files" lead="They lie in the database, beside what was said.">
      <${List} screen=${screen} params=${params} path="files" name="files" label="Files" search="Search names" columns=${columns}
        empty="Nobody has uploaded anything. Files sent in rooms, and faces, will stand here." />
    </${Screen}>`;
}
