// Everything that is made from the sources: the protobuf code, the bundle, the standalone executable. (docs.mjs makes pages.)
//
//   node build.mjs generate | bundle | executable | boundaries
//
// Inputs are this repository and node_modules only; nothing is downloaded.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

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

/**
 * Replaces node-gyp-build, which looks for its binary in node_modules, by the binary's bytes in the bundle
 * (src/base/process/native-addon.ts).
 */
const embeddedAddon = {
  name: 'embedded-zookeeper-addon',
  setup(builder) {
    const addon = join(process.cwd(), 'node_modules/zookeeper/build/Release/zookeeper.node');
    builder.onResolve({ filter: /^node-gyp-build$/ }, () => ({
      path: 'addon',
      namespace: 'embedded',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'embedded' }, () => ({
      resolveDir: process.cwd(),
      contents: `
        const { loadAddon } = require('./src/base/process/native-addon.ts');
        const bytes = require(${JSON.stringify(addon)});
        module.exports = () => loadAddon('zookeeper.node', bytes);`,
    }));
  },
};

/** Our own native code, against the headers that come with the Node.js at hand; in base64. */
function notifyAddon() {
  const output = 'dist/notify.node';
  const headers = join(dirname(process.execPath), '../include/node');
  mkdirSync('dist', { recursive: true });
  const flags = ['-shared', '-fPIC', '-O2', '-s', '-Wall', '-Wextra', '-Werror', `-I${headers}`];
  execFileSync('cc', [...flags, '-o', output, 'src/cli/service-manager/notify.c'], {
    stdio: 'inherit',
  });
  return readFileSync(output, 'base64');
}

async function bundle() {
  await build({
    entryPoints: ['src/main.ts'],
    outfile: 'dist/cim.cjs',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    legalComments: 'none',
    loader: { '.node': 'binary', '.lua': 'text' },
    define: {
      'process.env.CIM_VERSION': JSON.stringify(version),
      'process.env.CIM_NOTIFY_ADDON': JSON.stringify(notifyAddon()),
    },
    plugins: [embeddedAddon],
    logLevel: 'warning',
  });
}

async function executable() {
  await bundle();
  const nodePath = process.execPath;
  const { default: sea } = require('@yao-pkg/pkg/lib-es5/sea.js');
  const output = join(process.cwd(), 'bin/cim.new');
  const platform = process.platform === 'darwin' ? 'macos' : process.platform;
  const target = { platform, arch: process.arch, nodeRange: 'node24', output };
  rmSync(output, { force: true });
  await sea(join(process.cwd(), 'dist/cim.cjs'), {
    targets: [target],
    nodePath,
    seaConfig: {
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: true,
      // Where V8 makes objects grows to 128 MB in a storm of logins, and is not given back while
      // connections are idle: 5 KB for each of 15 000. With 16 MB the storm costs the same.
      // SIGUSR1 would open a debugger on a port for all users of the machine.
      execArgv: ['--max-semi-space-size=16', '--disable-sigusr1'],
      // What NODE_OPTIONS says is meant for other programs of the machine.
      execArgvExtension: 'none',
    },
  });
  chmodSync(output, 0o755);
  // Renamed into place: a half-written executable is never left behind for make to take as done.
  renameSync(output, 'bin/cim');
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

const tasks = { generate, bundle, executable, boundaries };
const task = tasks[process.argv[2] ?? ''];
if (!task) {
  console.error(`usage: node build.mjs ${Object.keys(tasks).join(' | ')}`);
  process.exit(64);
}
if (!existsSync('node_modules')) throw new Error('run make setup first');
await task();
