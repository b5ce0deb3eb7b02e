// How is a part of a document shown? Text, schemas, examples, and code to copy.
import { copy } from '../parts/bytes.js';
import { html, useState, useEffect } from '../vendor/preact-htm.js';

/** What a `$ref` points to, with the fields beside the `$ref`. */
export function find(part, document) {
  if (!part?.$ref) return part;
  const { $ref, ...beside } = part;
  const found = $ref.slice(2).split('/').reduce((inner, key) => inner?.[key], document);
  return { ...find(found, document), ...beside };
}

/** Text with `code` in it, in paragraphs. */
export function Words({ text }) {
  if (!text) return null;
  return text.split('\n\n').map((paragraph) => html`<p>${paragraph.split('`').map((part, at) => (at % 2 ? html`<code>${part}</code>` : part))}</p>`);
}

/** A type in words: `array of string`, `string or null`. */
function typeOf(schema, document) {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.items) return `array of ${typeOf(find(schema.items, document), document)}`;
  const sorts = [schema.type ?? (schema.allOf ? 'object' : 'anything')].flat().join(' or ');
  return schema.format ? `${sorts} (${schema.format})` : schema.contentMediaType || schema.contentEncoding ? 'file' : sorts;
}

function limits({ minLength, maxLength, minimum, maximum, maxItems, default: usual }) {
  const between = (least, most, what) => (most === undefined ? null : `${least ?? 0} to ${most}${what}`);
  return [
    between(minLength, maxLength, ' characters'), between(minimum, maximum, ''), between(undefined, maxItems, ' items'),
    usual === undefined ? null : `default ${JSON.stringify(usual)}`,
  ].filter(Boolean).join(', ');
}

/** The fields of an object, with those of its `allOf` parts. */
function fieldsOf(schema, document) {
  const parts = (schema.allOf ?? []).map((part) => fieldsOf(find(part, document), document));
  return {
    properties: Object.assign({}, ...parts.map((part) => part.properties), schema.properties),
    required: [...parts.flatMap((part) => part.required), ...(schema.required ?? [])],
  };
}

/** A field with its schema; without a name the schema alone. */
export function Schema({ name, schema, required, note, document }) {
  const whole = find(schema, document);
  const inner = whole.items ? find(whole.items, document) : whole;
  const { properties, required: needed } = fieldsOf(inner, document);
  const fields = Object.entries(properties);
  const list = fields.length > 0 && html`<dl class="schema">${fields.map(([key, one]) => html`
    <${Schema} name=${key} schema=${one} required=${needed.includes(key)} document=${document} />`)}</dl>`;
  if (!name) return html`${whole.items && html`<p class="type">${typeOf(whole, document)}</p>`}${list || html`<p class="type">${typeOf(whole, document)}</p>`}`;
  return html`
    <div class="one">
      <dt><code>${name}</code>${!required && html` <span class="optional">optional</span>`}</dt>
      <dd>
        <span class="type">${[typeOf(whole, document), note, limits(whole)].filter(Boolean).join(', ')}</span>
        <${Words} text=${whole.description} />
        ${list}
      </dd>
    </div>`;
}

const told = new EventTarget();

/** Tells screen readers that something was copied. */
export function Copied() {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const copied = () => setCount((before) => before + 1);
    told.addEventListener('copied', copied);
    return () => told.removeEventListener('copied', copied);
  }, []);
  return html`<p class="unseen" role="status">${count > 0 && `Copied${'.'.repeat(count % 2)}`}</p>`;
}

/** A block to read and to copy: JSON, or a command. */
export function Code({ json, text = JSON.stringify(json, null, 2), label }) {
  const [done, setDone] = useState(false);
  const press = async () => {
    await copy(text);
    told.dispatchEvent(new CustomEvent('copied'));
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return html`
    <figure>
      <figcaption>${label}<button type="button" onClick=${press} aria-label=${`Copy: ${label}`}>${done ? 'Copied' : 'Copy'}</button></figcaption>
      <pre tabindex="0"><code>${json === undefined ? text : coloured(text)}</code></pre>
    </figure>`;
}

function coloured(text) {
  const parts = text.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?)/);
  return parts.map((part, at) => (at % 2 ? html`<span class=${part.endsWith(':') ? 'key' : 'text'}>${part}</span>` : part));
}

/** An example value for a parameter. */
function sample(schema, document) {
  const whole = find(schema, document);
  return whole.examples?.[0] ?? whole.enum?.[0] ?? whole.default ?? '1';
}

export function curl({ method, path, token, operation, document }) {
  const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path');
  const filled = inPath.reduce((sofar, one) => sofar.replace(`{${one.name}}`, sample(one.schema, document)), path);
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}'${document.servers[0].url}${filled}'`];
  if (token !== 'no token') lines.push("-H 'Authorization: Bearer <token>'");
  const content = operation.requestBody?.content ?? {};
  const json = content['application/json'];
  if (json && operation.requestBody.required) {
    lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(json.example).replaceAll("'", "'\\''")}'`);
  } else if (content['multipart/form-data']) {
    lines.push("-F 'file=@my-document.pdf'");
  }
  return lines.join(' \\\n  ');
}

export function emit({ path }, example) {
  const given = JSON.stringify(example, null, 2).replaceAll(/"([A-Za-z_]+)":/g, '$1:').replaceAll('"', "'");
  return `socket.emit('${path}', ${given}, (answer) => {\n  console.log(answer.ok);\n});`;
}

export function listen({ path }) {
  return `socket.on('${path}', (told) => {\n  console.log(told);\n});`;
}
