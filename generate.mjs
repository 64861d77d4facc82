// The code that is made of proto/*.proto (`node build.mjs generate`).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/**
 * proto/*.proto → src/codec/generated/: cim.{js,d.ts}, what protobufjs makes of it (int64 become JavaScript numbers: ids
 * stay below 2^53), wire.ts, the numbers of proto/cim.proto for what is read and written by hand, messages.ts, what the SDK
 * reads and writes, without protobufjs, and link.ts, the types of proto/link.proto as the calls between roles promise
 * them: complete, and not to be changed.
 */
export function generate() {
  mkdirSync('src/codec/generated', { recursive: true });
  const js = 'src/codec/generated/cim.js';
  const protos = [
    'proto/cim.proto',
    'proto/content.proto',
    'proto/link.proto',
    'proto/topics.proto',
  ];
  const bin = 'node_modules/protobufjs-cli/bin';
  const flags = [
    '-t',
    'static-module',
    '-w',
    'es6',
    '--force-number',
    '--no-service',
    '--no-verify',
    '--no-delimited',
  ];
  execFileSync(process.execPath, [`${bin}/pbjs`, ...flags, '--no-convert', '-o', js, ...protos], {
    stdio: 'inherit',
  });
  execFileSync(process.execPath, [`${bin}/pbts`, '-o', 'src/codec/generated/cim.d.ts', js], {
    stdio: 'inherit',
  });
  writeFileSync('src/codec/generated/link.ts', linkTypes());
  writeFileSync('src/codec/generated/messages.ts', messageCodec());
  // Last, as make looks at this one.
  writeFileSync('src/codec/generated/wire.ts', wireConstants());
}

const typeNames = { uint32: 'number', uint64: 'number', bool: 'boolean', bytes: 'Uint8Array' };

function linkTypes() {
  const source = readFileSync('proto/link.proto', 'utf8');
  const { root } = protobuf.parse(source, { keepCase: true, alternateCommentMode: true });
  const types = root.lookup('cim.link').nestedArray.map(({ name, comment, fieldsArray }) => {
    const fields = fieldsArray.map((field) => {
      const type = typeNames[field.type] ?? field.type;
      const whole = field.repeated ? `readonly ${type}[]` : type;
      return `${docComment(field.comment)}  readonly ${field.name}: ${whole};`;
    });
    return [`${docComment(comment)}export interface ${name} {`, ...fields, '}'].join('\n');
  });
  return ['// Made from proto/link.proto by build.mjs.', ...types, ''].join('\n\n');
}

function docComment(text) {
  return text ? `/** ${text.replaceAll('\n', ' ')} */\n` : '';
}

/** Constants of their own, which esbuild writes into the code in place of their names. */
function wireConstants() {
  const root = protobuf.loadSync('proto/cim.proto');
  const { fields: client } = root.lookupType('Request');
  const { fields: server } = root.lookupType('Response');
  const markTags = Object.values(root.lookupType('Mark').fields)
    .map((field) => field.resolve())
    .map((field) => `  ${field.name}: ${tagOf(field)},`);
  const markKinds = Object.entries(root.lookupEnum('MarkKind').values);
  const commands = Object.entries(root.lookupEnum('BaseCommand').values);
  const tags = Object.values({ ...client, ...server })
    .map((field) => field.resolve())
    .map((field) => `export const ${field.name}Tag = ${tagOf(field)};`);
  const ownFields = Object.values(client)
    .filter(({ map, repeated }) => !map && !repeated)
    .map((field) => {
      const type = field.resolvedType instanceof protobuf.Enum ? 'enum' : field.type;
      return `  { tag: ${tagOf(field)}, type: '${type}' },`;
    });
  return [
    '// Made from proto/cim.proto by build.mjs: the tags of its fields (number × 8 + wire type), …',
    ...tags,
    '/** … what a cim client may set: the fields of Request that are there at most once, … */',
    'export const requestFields = [',
    ...ownFields,
    '] as const;',
    '/** … and the commands. */',
    'export const command = {',
    ...commands.map(
      ([name, value]) => `  ${name.replace('_REQUEST', '').toLowerCase()}: ${value},`,
    ),
    '} as const;',
    '/** The tags of a Mark, and its kinds. */',
    'export const markTags = {',
    ...markTags,
    '} as const;',
    'export const markKind = {',
    ...markKinds.map(([name, value]) => `  ${camelCase(name)}: ${value},`),
    '} as const;',
    '',
  ].join('\n');
}

function camelCase(name) {
  return name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

function tagOf({ id, map, repeated, resolvedType, type }) {
  const isNumber =
    resolvedType instanceof protobuf.Enum || protobuf.types.packed[type] !== undefined;
  return id * 8 + (isNumber && !map && !repeated ? 0 : 2);
}

/** What the SDK writes, and what it reads, with what is in these. */
const written = ['Request', 'Content'];
const read = ['Response', 'Content'];

/**
 * Functions of src/codec/proto-bytes.ts do the work, so there is one line for each field. A message that is there twice is
 * one with the fields of both, as protobuf has it: all clients read the same.
 */
function messageCodec() {
  const root = protobuf.loadSync(['proto/cim.proto', 'proto/content.proto']).resolveAll();
  const roots = (names) => names.map((name) => root.lookupType(name));
  const toWrite = withInner(roots(written));
  const toRead = withInner(roots(read));
  const types = [...new Set([...toWrite, ...toRead])];
  return [
    '// Made from proto/cim.proto and proto/content.proto by generate.mjs: messages of cim clients, without the fields that\n' +
      '// are for Java clients.',
    "import { noBytes, none, ProtoReader, ProtoWriter, type Written } from '../proto-bytes.ts';",
    ...types.map(messageType),
    ...toWrite.map(writeFunction),
    ...roots(written).map(
      ({ name }) =>
        `export function bytesOf${name}(message: Written<${name}>): Uint8Array {\n` +
        `  const writer = new ProtoWriter();\n  write${name}(writer, message);\n  return writer.finish();\n}`,
    ),
    ...toRead.map(readFunction),
    ...roots(read).map(
      ({ name }) =>
        `/** Throws ProtocolError. Bytes of it are in the memory of \`bytes\`. */\n` +
        `export function read${name}Of(bytes: Uint8Array): ${name} {\n  return read${name}(new ProtoReader(bytes));\n}`,
    ),
    '',
  ].join('\n\n');
}

/** These types, and those of their fields. */
function withInner(types) {
  const all = new Set(types);
  for (const type of all)
    for (const field of fieldsOf(type)) if (isMessage(field)) all.add(field.resolvedType);
  return [...all];
}

/** Without those that only Java clients have: maps, batches, and what the server calls a response id. */
function fieldsOf({ fieldsArray }) {
  return fieldsArray
    .filter(({ map, name }) => !map && !name.startsWith('batch') && name !== 'responseId')
    .toSorted((one, other) => one.id - other.id);
}

function isMessage({ resolvedType }) {
  return resolvedType instanceof protobuf.Type;
}

/** How proto-bytes.ts calls what a field holds. */
function kindOf(field) {
  if (isMessage(field)) return 'message';
  return { string: 'text', bytes: 'bytes', bool: 'flag' }[field.type] ?? 'number';
}

const kinds = {
  text: { type: 'string', absent: "''" },
  bytes: { type: 'Uint8Array', absent: 'noBytes' },
  flag: { type: 'boolean', absent: 'false' },
  number: { type: 'number', absent: '0' },
};

function messageType(type) {
  const fields = fieldsOf(type).map((field) => {
    const item = kinds[kindOf(field)]?.type ?? field.resolvedType.name;
    const isAbsent = isMessage(field) && !field.repeated;
    const whole = field.repeated ? `readonly ${item}[]` : isAbsent ? `${item} | undefined` : item;
    return `${docComment(field.comment)}  readonly ${field.name}: ${whole};`;
  });
  return [`export interface ${type.name} {`, ...fields, '}'].join('\n');
}

function writeFunction(type) {
  const lines = fieldsOf(type).map((field) => {
    const kind = kindOf(field) + (field.repeated ? 's' : '');
    const inner = isMessage(field) ? `, write${field.resolvedType.name}` : '';
    return `  writer.${kind}(${tagOf(field)}, message.${field.name}${inner});`;
  });
  const parameters = `${lines.length > 0 ? 'writer' : '_'}: ProtoWriter, message: Written<${type.name}>`;
  const unused = parameters.replace('message:', lines.length > 0 ? 'message:' : '__:');
  return [`function write${type.name}(${unused}): void {`, ...lines, '}'].join('\n');
}

function readFunction(type) {
  const fields = fieldsOf(type);
  const absent = fields.map((field) => {
    const value = field.repeated ? 'none' : (kinds[kindOf(field)]?.absent ?? 'undefined');
    return `    ${field.name}: ${value},`;
  });
  const cases = fields.flatMap(readCases);
  return [
    `function read${type.name}(reader: ProtoReader, into?: ${type.name}): ${type.name} {`,
    `  const message: { -readonly [Field in keyof ${type.name}]: ${type.name}[Field] } = into ?? {`,
    ...absent,
    '  };',
    '  while (!reader.done) {',
    '    const tag = reader.tag();',
    '    switch (tag) {',
    ...cases,
    '      default:',
    '        reader.skip(tag);',
    '    }',
    '  }',
    '  return message;',
    '}',
  ].join('\n');
}

function readCases(field) {
  const { name, repeated, id } = field;
  const kind = kindOf(field);
  const take = (tag, value) =>
    `      case ${tag}:\n        message.${name} = ${value};\n        break;`;
  if (isMessage(field)) return [readInner(field)];
  if (!repeated) return [take(tagOf(field), `reader.${kind}()`)];
  const one = take(id * 8 + (kind === 'number' ? 0 : 2), `reader.${kind}Into(message.${name})`);
  if (kind !== 'number') return [one];
  // Packed, and one by one: both are protobuf.
  return [one, take(id * 8 + 2, `reader.numbersInto(message.${name})`)];
}

function readInner(field) {
  const { name, repeated, resolvedType, partOf } = field;
  const read = `read${resolvedType.name}`;
  const value = repeated
    ? `reader.messageInto(message.${name}, ${read})`
    : `${read}(reader.inner(), message.${name})`;
  const others = partOf?.oneof.filter((each) => each !== name) ?? [];
  return [
    `      case ${tagOf(field)}:`,
    // Of those of which there is one, the last one counts.
    ...others.map((each) => `        message.${each} = undefined;`),
    `        message.${name} = ${value};`,
    '        break;',
  ].join('\n');
}
