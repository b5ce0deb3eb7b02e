// Are the documents what they claim to be? OpenAPI 3.1 and AsyncAPI 3 by their own schemas, sound JSON Schema inside, and
// examples that are examples of it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { open } from './chat.js';

const asyncapi = createRequire(import.meta.url)('@asyncapi/specs').schemasWithoutId['3.0.0'];
const chat = await open();
const names = ['campus', 'mentor', 'emote', 'rooms', 'direct', 'admin'];
const fetched = async (path) => {
  const answer = await fetch(chat.url + path);
  assert.equal(answer.status, 200, path);
  return answer.json();
};

/** Says what in a document's schemas is no schema, and which of its examples is none. */
function examples(document) {
  // Strict: a word that JSON Schema does not know is a slip of the pen.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  addFormats.default(ajv);
  const apart = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"'));
  for (const [name, schema] of Object.entries(document.components.schemas)) ajv.addSchema(apart(schema), name);
  const compiled = (schema) => ajv.compile(apart(schema));
  let count = 0;
  const holds = (schema, example, of) => {
    const fits = compiled(schema);
    assert.ok(fits(example), `${of}: ${JSON.stringify(example)}: ${ajv.errorsText(fits.errors)}`);
    count += 1;
  };
  const visit = (part, of) => {
    if (part === null || typeof part !== 'object') return;
    if (part.schema && 'example' in part) holds(part.schema, part.example, of);
    for (const { payload } of (part.payload && part.examples) || []) holds(part.payload, payload, of);
    for (const [key, inner] of Object.entries(part)) visit(inner, `${of}/${key}`);
  };
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    for (const example of schema.examples ?? []) holds(schema, example, name);
    compiled(schema);
  }
  visit({ ...document, components: { ...document.components, schemas: {} } }, '');
  return count;
}

for (const name of names) {
  test(`${name}: valid OpenAPI 3.1, with true examples`, async () => {
    const document = await fetched(`/docs/${name}/openapi.json`);
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(document.servers[0].url, chat.url);
    assert.ok(examples(document) > Object.keys(document.paths).length);
  });
}

for (const name of names) {
  test(`${name}: valid AsyncAPI 3, with true examples`, async () => {
    const document = await fetched(`/docs/${name}/asyncapi.json`);
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    const fits = ajv.compile(asyncapi);
    assert.ok(fits(document), ajv.errorsText(fits.errors));
    assert.equal(examples(document) > 0, !['emote', 'admin'].includes(name));
  });
}

test('what is wrong with a document is noticed', async () => {
  const document = await fetched('/docs/rooms/openapi.json');
  const broken = structuredClone(document);
  delete broken.info.title;
  assert.equal((await new Validator().validate(broken)).valid, false);
  document.components.schemas.Room.examples[0]._id = 7;
  assert.throws(() => examples(document), /Room/);
});
