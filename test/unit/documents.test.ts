/** The documents, and what code says of them: links, paths and what is generated lead somewhere. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { optionEntries } from '../../src/config/options.ts';

const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n');
const pages = files.filter((file) => file.endsWith('.md'));

/** As GitHub makes them of headings. */
/** Of headings, as GitHub names them: the second of a name ends with `-1`. And of what has an id. */
function anchorsOf(page: string): string[] {
  const text = readFileSync(page, 'utf8');
  const counts = new Map<string, number>();
  const ofHeadings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  const ids = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id);
  return [...ofHeadings, ...ids];
}

test.each(pages)('%s: every link leads somewhere', (page) => {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
  const broken = links.filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : resolve(dirname(page), path);
    return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
  });
  expect(broken).toEqual([]);
});

/** `src/link/`, `docs/reference/limits.md`; of `test/property/hostile-*` what is before the star. */
const pathPattern = /(?<![\w./@:~$}-])(?:src|test|docs|proto|bench)\/[\w./-]*/g;

test('every path that code and documents name exists, or is made by a build', () => {
  const named = files
    .filter((file) => /\.(ts|mjs|lua|proto|md|conf|sh)$|^Makefile$/.test(file))
    .flatMap((file) =>
      (readFileSync(file, 'utf8').match(pathPattern) ?? []).map((path) => ({
        file,
        path: path.replace(/\.$/, ''),
      })),
    );
  const missing = named.filter(({ path }) => !exists(path) && !ignored(path));
  expect(missing).toEqual([]);
  expect(named.length).toBeGreaterThan(100);
});

/** Seen from the repository, or from src. */
function exists(path: string): boolean {
  return ['.', 'src'].some((root) => {
    const folder = join(root, path.slice(0, path.lastIndexOf('/')));
    const beginning = path.slice(path.lastIndexOf('/') + 1);
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(beginning));
  });
}

function ignored(path: string): boolean {
  return spawnSync('git', ['check-ignore', '-q', path]).status === 0;
}

/** Of other programs that documents run, and of the program as such. */
const otherFlags = new Set([
  ...['--help', '--version', '--seed', '--base64url', '--filter', '--tmpfs', '--daemonize'],
  ...['--appendonly', '--dir', '--history', '--pattern', '--latency'],
]);

test('every flag that guides name is one', () => {
  const known = new Set<string>(optionEntries.map(([name]) => `--${name}`));
  const named = pages
    .filter((page) => /^docs\/(start|guides|how-it-works)\/|^README/.test(page))
    .flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/(?<![\w#-])--[a-z][a-z0-9-]*\b/g)].map(([flag]) => ({
        page,
        flag,
      })),
    );
  const unknown = named.filter(({ flag }) => !known.has(flag) && !otherFlags.has(flag));
  expect(unknown).toEqual([]);
  expect(named.length).toBeGreaterThan(100);
});

test('every heading that code names is in its document', () => {
  const named = files
    .filter((file) => /\.(ts|mjs|lua|proto)$/.test(file))
    .flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(/(docs\/[\w./-]+\.md), "([^"]+)"/g),
    ]);
  const missing = named.filter(
    ([, page = '', heading = '']) => !readFileSync(page, 'utf8').includes(`# ${heading}\n`),
  );
  expect(named).not.toHaveLength(0);
  expect(missing.map(([reference]) => reference)).toEqual([]);
});

test('docs/ARCHITECTURE.md lists every folder of src, and no other', () => {
  const table = readFileSync('docs/ARCHITECTURE.md', 'utf8');
  const listed = new Set([...table.matchAll(/`src\/([a-z]+)\//g)].map(([, folder]) => folder));
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect([...listed].sort()).toEqual(folders.map(({ name }) => name).sort());
});

test('what is generated is up to date (make docs)', () => {
  execFileSync(process.execPath, ['docs.mjs', 'check'], { stdio: 'pipe' });
});

test('the README in Chinese has the headings, commands, links and names of the one in English', () => {
  expect(skeletonOf('README.zh-CN.md')).toEqual(skeletonOf('README.md'));
});

/** What does not depend on the language, in its order. */
function skeletonOf(page: string): string[] {
  const skeleton =
    /^#+ |^```|^ {4}.*|^\| --- |^- |`[^`\n]+`|\]\([^)\s]+\)|^(?:make|bin\/cim) [^#\n]*/gm;
  return [...readFileSync(page, 'utf8').matchAll(skeleton)]
    .map(([found]) => found.trim())
    .filter((found) => !/^\]\(README/.test(found));
}

test('docs/README.md leads to every page of docs', () => {
  const index = readFileSync('docs/README.md', 'utf8');
  const listed = [...index.matchAll(/\]\(([^)#\s]+)\)/g)].map(([, target]) =>
    join('docs', `${target}`),
  );
  const all = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(all.filter((page) => !listed.includes(page))).toEqual([]);
});
