// What docs/ has of the tables that the program and its rules are made of: the reference pages, and who may import whom.
//
//   node docs.mjs          writes it (make docs)
//   node docs.mjs check    says which pages would change, and exits with 1

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Application } from 'typedoc';
import cruiser from './.dependency-cruiser.mjs';
// Node.js reads the TypeScript as it is.
import { referencePages } from './src/config/reference.ts';

const architecture = 'docs/ARCHITECTURE.md';

const pages = Object.entries(referencePages()).map(([name, content]) => [
  join('docs/reference', name),
  content,
]);
pages.push([architecture, withImportTables(readFileSync(architecture, 'utf8'))]);

pages.push(...(await sdkPages()));

const stale = pages.filter(
  ([file, content]) => !existsSync(file) || readFileSync(file, 'utf8') !== content,
);
if (process.argv[2] === 'check') {
  for (const [file] of stale) console.error(`${file} is out of date: run make docs`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, content] of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** What an application has of the SDK's package, from its types and what is said of them. */
async function sdkPages() {
  const folder = mkdtempSync(join(tmpdir(), 'cim-docs-'));
  const list = ['parameters', 'interfaceProperties', 'classProperties', 'propertyMembers'];
  const application = await Application.bootstrapWithPlugins({
    name: 'The SDK',
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: ['browser', 'react', 'crypto'].map((name) => `src/client/sdk/entries/${name}.ts`),
    tsconfig: 'deploy/client/tsconfig.json',
    outputs: [{ name: 'markdown', path: folder }],
    readme: 'none',
    logLevel: 'Error',
    excludePrivate: true,
    disableSources: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    outputFileStrategy: 'modules',
    ...Object.fromEntries(list.map((of) => [`${of}Format`, 'table'])),
  });
  try {
    await application.generateOutputs(await application.convert());
    return readdirSync(folder).map((name) => [
      join('docs/reference/sdk', name),
      withRightLinks(readFileSync(join(folder, name), 'utf8')),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The plugin takes some headings for the second of their name that are the only one. */
function withRightLinks(page) {
  const headings = [...page.matchAll(/^#+ ([\w-]+)$/gm)].map(([, name]) => name.toLowerCase());
  return page.replace(/\(#([\w-]+)-1\)/g, (link, anchor) =>
    headings.filter((each) => each === anchor).length === 1 ? `(#${anchor})` : link,
  );
}

function withImportTables(page) {
  const [, before, after] = /^(.*<!-- imports:.*? -->\n).*(<!-- \/imports -->.*)$/s.exec(page);
  const rules = cruiser.forbidden.filter(({ to }) => to.path !== undefined);
  return `${before}\n${folderTable(rules)}\n${packageTable(rules)}\n${after}`;
}

function folderTable(rules) {
  const folders = sourceFolders('src').map((folder) => folder.slice('src/'.length));
  const rows = folders.map((from) => {
    const own = rules.filter((rule) => matches(rule.from, from));
    const others = folders.filter((folder) => folder !== from);
    const allowed = others.filter((to) => !own.some((rule) => matches(rule.to, to)));
    // Not those that are about nearly everybody, such as that nobody needs cim bench.
    const reasons = own.filter(
      (rule) => folders.filter((folder) => matches(rule.from, folder)).length <= 2,
    );
    return [
      `\`${from}/\``,
      allowed.length === others.length ? 'everything' : allowed.join(', ') || 'nothing',
      reasons.map(({ comment }) => comment).join(' '),
    ];
  });
  return table(['folder', 'may import', 'why'], rows);
}

function matches({ path, pathNot }, folder) {
  const file = `src/${folder}/x.ts`;
  return new RegExp(path).test(file) && (pathNot === undefined || !new RegExp(pathNot).test(file));
}

function packageTable(rules) {
  const rows = rules.flatMap(({ from, to }) => {
    const [, name] = /^node_modules\/(.*)\(\/\|\$\)$/.exec(to.path) ?? [];
    return name === undefined
      ? []
      : [[`\`${name}\``, `\`${from.pathNot.replace(/^\^|\$$/g, '')}\``]];
  });
  return table(['package', 'only in'], rows);
}

function table(columns, rows) {
  return [columns, columns.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}

/** Those with files of their own; of others the folders in them. */
function sourceFolders(parent) {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(parent, name))
    .flatMap((folder) =>
      readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isFile())
        ? [folder]
        : sourceFolders(folder),
    );
}
