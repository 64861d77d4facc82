// Everything that is made from the sources: the protobuf code, the bundle, the standalone executable. (docs.mjs makes pages.)
//
//   node build.mjs generate | bundle | executable | package [npm, deb] | image [here] | boundaries
//
// Inputs are this repository and node_modules only; nothing is downloaded.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { buildBundle, buildExecutable } from './deploy/build/executable.mjs';
import { npmPackage } from './deploy/build/npm-package.mjs';
import { builtForArm64, debOf, makeImage, ours } from './deploy/build/packages.mjs';

/**
 * proto/*.proto → src/codec/generated/: cim.{js,d.ts}, what protobufjs makes of it (int64 become JavaScript numbers: ids
 * stay below 2^53), wire.ts, the numbers of proto/cim.proto for what is read and written by hand, and link.ts, the types of
 * proto/link.proto as the calls between roles promise them: complete, and not to be changed.
 */
function generate() {
  mkdirSync('src/codec/generated', { recursive: true });
  const js = 'src/codec/generated/cim.js';
  const protos = ['proto/cim.proto', 'proto/content.proto', 'proto/link.proto'];
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

/** What is installed by npm and dpkg, or one of them: dist/packages/. */
async function packages() {
  const kinds = { npm: npmPackage, deb: () => debOf(ours) };
  const [, , , only] = process.argv;
  for (const kind of only ? [only] : Object.keys(kinds)) console.log(await kinds[kind]());
}

/** For this machine, of bin/cim; for both that there are executables for, without `here`. */
async function containerImage() {
  const both = process.argv[3] === 'here' ? [ours] : [ours, await builtForArm64()];
  console.log(makeImage(both));
}

/** dependency-cruiser has been seen to pass silently on 0 modules: the count is checked. */
function boundaries() {
  const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs';
  const output = execFileSync(
    process.execPath,
    [cruiser, '--config', '.dependency-cruiser.mjs', 'src'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  process.stdout.write(output);
  const modules = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
  if (modules < 10)
    throw new Error(
      `dependency-cruiser looked at ${modules} modules: the boundaries were not checked`,
    );
}

const tasks = {
  generate,
  bundle: () => buildBundle(),
  executable: () => buildExecutable('bin/cim'),
  package: packages,
  image: containerImage,
  boundaries,
};
const task = tasks[process.argv[2] ?? ''];
if (!task) {
  console.error(`usage: node build.mjs ${Object.keys(tasks).join(' | ')}`);
  process.exit(64);
}
if (!existsSync('node_modules')) throw new Error('run make setup first');
await task();
