// Goal: the page is served where it is wanted, knows how users prove who they are, and is kept to its own
// files and to the servers that there are.
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { RoleAddress } from '../../../src/base/network/role-address.ts';
import type { LiveServer, RegistryView } from '../../../src/registry/registry.ts';
import { type PageFilesOptions, pageFiles } from '../../../src/route/page-files.ts';

const built = JSON.stringify({
  page: '<meta content="AUTH-MODE">',
  admin: '<h1>operators</h1>',
  files: [
    {
      path: '/web/app-1.js',
      type: 'text/javascript',
      gzip: gzipSync('hi').toString('base64'),
      isImmutable: true,
    },
  ],
});

const tcp = { kind: 'tcp', host: '10.0.0.7', port: 9000, tls: false };
const ws = { kind: 'ws', host: '10.0.0.7', port: 8082, tls: false };

function filesWith({
  servers = [],
  ...changes
}: Partial<PageFilesOptions> & { readonly servers?: readonly RoleAddress[] } = {}) {
  const choosable = servers.map(
    (address, index): LiveServer => ({
      instance: `${index}`,
      address,
      version: '',
      connections: 0,
    }),
  );
  const view: RegistryView = { servers: new Map(), choosable, routes: [] };
  const registry = { view };
  const settings = { web: 'on', dashboard: 'off' } as const;
  return pageFiles({ settings, mode: 'secret', registry, built, ...changes });
}

function policyOf(files: ReturnType<typeof filesWith>): Map<string, string> {
  const [page] = files;
  const policy = page?.headers?.()['content-security-policy'] ?? '';
  return new Map(
    policy.split('; ').map((part) => {
      const [name = '', ...values] = part.split(' ');
      return [name, values.join(' ')];
    }),
  );
}

describe('the web chat', () => {
  test.each(['secret', 'jwt', 'open'] as const)('is told --auth %s', (mode) => {
    const [page] = filesWith({ mode });
    expect(page).toMatchObject({ path: '/', type: 'text/html; charset=utf-8', isImmutable: false });
    expect(gunzipSync(page?.gzip ?? '').toString()).toBe(`<meta content="${mode}">`);
  });

  test('has its files under their own names', () => {
    const [, file] = filesWith();
    expect(file).toMatchObject({ path: '/web/app-1.js', isImmutable: true });
    expect(gunzipSync(file?.gzip ?? '').toString()).toBe('hi');
    expect(file?.headers).toBeUndefined();
  });

  test('is not there where it is off, or was not built', () => {
    expect(filesWith({ settings: { web: 'off', dashboard: 'off' } })).toEqual([]);
    const settings = { web: 'on', dashboard: 'off' } as const;
    const registry = { view: { servers: new Map(), choosable: [], routes: [] } };
    expect(pageFiles({ settings, mode: 'secret', registry })).toEqual([]);
  });
});

describe('the dashboard', () => {
  const settings = { web: 'off', dashboard: 'on' } as const;

  test('is a page of its own, with or without the chat', () => {
    const paths = (...all: Parameters<typeof filesWith>) =>
      filesWith(...all).map(({ path }) => path);
    expect(paths({ settings })).toEqual(['/admin', '/web/app-1.js']);
    expect(paths({ settings: { ...settings, web: 'on' } })).toEqual([
      '/',
      '/admin',
      '/web/app-1.js',
    ]);
    expect(gunzipSync(filesWith({ settings })[0]?.gzip ?? '').toString()).toBe(
      '<h1>operators</h1>',
    );
  });

  test('runs its own files, talks to its route, makes no HTML of texts, and is in no frame', () => {
    expect(Object.fromEntries(policyOf(filesWith({ settings })))).toEqual({
      ...{ 'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'" },
      ...{ 'img-src': "'self'", 'connect-src': "'self'", 'base-uri': "'none'" },
      ...{ 'form-action': "'none'", 'frame-ancestors': "'none'" },
      ...{ 'require-trusted-types-for': "'script'", 'trusted-types': "'none'" },
    });
    expect(filesWith({ settings })[0]?.headers?.()['x-frame-options']).toBe('DENY');
  });
});

describe('what a browser keeps it to', () => {
  test('nothing runs, is shown or is called but what is named', () => {
    const policy = policyOf(filesWith());
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' blob:",
      'media-src': 'blob:',
      'manifest-src': "'self'",
      'worker-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': 'cim',
    });
  });

  test('servers are called by their WebSocket, each once, as those outside name it', () => {
    const outside = { ...ws, url: 'wss://chat.example.org/ws' };
    const servers = [
      [tcp, ws],
      [tcp, { ...ws, host: 'fd00::1', tls: true }],
      [tcp, outside],
      [ws],
      [tcp],
    ];
    expect(policyOf(filesWith({ servers })).get('connect-src')).toBe(
      "'self' ws://10.0.0.7:8082 wss://[fd00::1]:8082 wss://chat.example.org",
    );
  });

  test('a server that comes later is known at the next load', () => {
    const choosable: LiveServer[] = [];
    const registry = { view: { servers: new Map(), choosable, routes: [] } };
    const files = filesWith({ registry });
    expect(policyOf(files).get('connect-src')).toBe("'self'");
    choosable.push({ instance: '1', address: [tcp, ws], version: '', connections: 0 });
    expect(policyOf(files).get('connect-src')).toBe("'self' ws://10.0.0.7:8082");
  });

  test('it is in no frame but of who may', () => {
    const webEmbed = ['https://a.example', 'https://b.example:8443'];
    const policy = policyOf(filesWith({ settings: { web: 'on', dashboard: 'off', webEmbed } }));
    expect(policy.get('frame-ancestors')).toBe('https://a.example https://b.example:8443');
  });
});
