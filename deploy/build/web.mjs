// The web chat and the dashboard: src/web/ → two pages and their files, as the executable serves them (src/route/page-files.ts).

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { limitValues } from './limit-values.mjs';

/** Bytes, compressed, that a browser loads before somebody can sign in and chat. */
const firstLoadMax = 100 * 1024;

const types = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/manifest+json',
};

/** `text` is for src/route/page-files.ts; `sizes` are bytes, compressed. */
export async function buildWeb() {
  const names = JSON.parse(readFileSync('node_modules/emojilib/emojis.json', 'utf8'));
  const ordered = JSON.parse(readFileSync('node_modules/emojilib/ordered.json', 'utf8'));
  const emoji = ordered
    .filter((name) => names[name])
    .map((name) => [names[name].char, name.replaceAll('_', ' ')]);
  const shared = {
    bundle: true,
    write: false,
    minify: true,
    target: ['es2022', 'chrome114', 'firefox120', 'safari17'],
    supported: { 'top-level-await': true, 'regexp-set-notation': true },
    legalComments: 'none',
    charset: 'utf8',
    plugins: [limitValues],
    logLevel: 'warning',
  };
  const { outputFiles, metafile } = await build({
    ...shared,
    entryPoints: {
      app: 'src/web/main.tsx',
      style: 'src/web/styles/all.css',
      admin: 'src/web/admin/main.tsx',
      'admin-style': 'src/web/styles/admin.css',
    },
    outdir: 'web',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    platform: 'browser',
    format: 'esm',
    splitting: true,
    metafile: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // A text stays where it is named; a list would go to where everything is.
    define: { EMOJI_NAMES: JSON.stringify(JSON.stringify(emoji)) },
  });
  const files = outputFiles.map(({ path, contents }) => fileOf(basename(path), contents));
  const pathOf = (entry, ending) =>
    files.find(({ path }) => path.startsWith(`/web/${entry}-`) && path.endsWith(ending)).path;
  const chat = [pathOf('app', '.js'), pathOf('style', '.css')];
  const dashboard = [pathOf('admin', '.js'), pathOf('admin-style', '.css')];
  const icon = fileOf('icon.svg', readFileSync('src/web/icon.svg'), false);
  const manifest = fileOf('manifest.json', readFileSync('src/web/manifest.json'), false);
  const first = { chat: firstOf(metafile, chat), dashboard: firstOf(metafile, dashboard) };
  const page = pageOf('src/web/index.html', chat, first.chat);
  const admin = pageOf('src/web/admin/index.html', dashboard, first.dashboard);
  // What people keep of the chat has nothing of operators.
  const shell = [...files, icon, manifest]
    .map(({ path }) => path)
    .filter((path) => !dashboard.includes(path));
  const hash = createHash('sha256').update(page).update(shell.join()).digest('hex').slice(0, 16);
  const worker = await build({
    ...shared,
    entryPoints: ['src/web/worker/service-worker.ts'],
    define: { SHELL: JSON.stringify({ name: `cim-${hash}`, paths: shell }) },
  });
  const all = [...files, icon, manifest, workerOf(worker.outputFiles[0].contents)];
  return {
    text: JSON.stringify({
      page,
      admin,
      files: all.map((file) => ({ ...file, gzip: file.gzip.toString('base64') })),
    }),
    sizes: {
      ...sizesOf(files, first.chat, page),
      dashboard: sizesOf(files, first.dashboard, admin).firstLoad,
    },
  };
}

function pageOf(path, [script, style], first) {
  return readFileSync(path, 'utf8')
    .replace('SCRIPT', script)
    .replace('STYLE', style)
    .replace('PRELOADS', preloads(first.filter((each) => each !== script && each !== style)));
}

function fileOf(name, contents, isImmutable = true) {
  const type = types[name.slice(name.lastIndexOf('.') + 1)];
  return { path: `/web/${name}`, type, gzip: gzipSync(contents, { level: 9 }), isImmutable };
}

/** At the root: it may keep the page only there. */
function workerOf(contents) {
  return { ...fileOf('service-worker.js', contents, false), path: '/service-worker.js' };
}

/** The entries, and what they import statically. */
function firstOf({ outputs }, entries) {
  const first = new Set(entries);
  for (const path of first) {
    const { imports = [] } = outputs[path.slice(1)] ?? {};
    for (const { path: imported, kind } of imports)
      if (kind !== 'dynamic-import') first.add(`/${imported}`);
  }
  return [...first];
}

/** So that a browser asks for all of them at once, not when it has read who imports them. */
function preloads(paths) {
  return paths.map((path) => `<link rel="modulepreload" href="${path}">`).join('\n    ');
}

/** Throws if what is loaded first is too much. */
function sizesOf(files, first, page) {
  const sizes = Object.fromEntries(files.map(({ path, gzip }) => [path, gzip.length]));
  const firstLoad = first.reduce((sum, path) => sum + sizes[path], gzipSync(page).length);
  if (firstLoad > firstLoadMax)
    throw new Error(`a page loads ${firstLoad} bytes first, more than ${firstLoadMax}`);
  return { firstLoad, files: sizes };
}
