/**
 * The pages that a route serves, the web chat and the dashboard: the files that deploy/build/web.mjs has made
 * from src/web/, and what a browser is told to keep those pages from.
 */
import { gzipSync } from 'node:zlib';
import { formatHostPort } from '../base/network/host-port.ts';
import type { RoleEndpoint } from '../base/network/role-address.ts';
import type { WebFile } from '../http/web-files.ts';
import type { Registry } from '../registry/registry.ts';
import type { AuthMode } from './accounts/authentication.ts';

export interface PageFilesOptions {
  readonly settings: {
    readonly web: 'off' | 'on';
    readonly dashboard: 'off' | 'on';
    readonly webEmbed?: readonly string[] | undefined;
  };
  readonly mode: AuthMode;
  readonly registry: Pick<Registry, 'view'>;
  /** What deploy/build/web.mjs has made, as JSON. Unbundled, as under Jest, there is none. */
  readonly built?: string | undefined;
}

/** As deploy/build/web.mjs writes it. */
interface Built {
  /** The page of the chat itself, and that of the dashboard. */
  readonly page: string;
  readonly admin: string;
  readonly files: readonly {
    readonly path: string;
    readonly type: string;
    /** In base64. */
    readonly gzip: string;
    readonly isImmutable: boolean;
  }[];
}

/** esbuild puts it in. */
const embedded = process.env.CIM_WEB_FILES;

/** What stands in the page for how users prove who they are. */
const modePlace = 'AUTH-MODE';

/** Those that are on, and what they load. */
export function pageFiles({
  settings: { web, webEmbed = [], dashboard },
  mode,
  registry,
  built = embedded,
}: PageFilesOptions): readonly WebFile[] {
  if (built === undefined) return [];
  const { page, admin, files } = JSON.parse(built) as Built;
  const pages: WebFile[] = [];
  if (web === 'on') {
    const chat = page.replace(modePlace, mode);
    pages.push(pageOf('/', chat, () => chatHeaders(registry, webEmbed)));
  }
  if (dashboard === 'on') pages.push(pageOf('/admin', admin, () => dashboardHeaders));
  if (pages.length === 0) return [];
  return [...pages, ...files.map((file) => ({ ...file, gzip: Buffer.from(file.gzip, 'base64') }))];
}

function pageOf(path: string, html: string, headers: NonNullable<WebFile['headers']>): WebFile {
  const type = 'text/html; charset=utf-8';
  return { path, type, gzip: gzipSync(html), isImmutable: false, headers };
}

const common = {
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** Its own files run there, its own route is talked to, and no page has it in a frame. */
const dashboardHeaders = {
  ...common,
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
};

/** Nothing but its own files runs there, nothing but cim is talked to, and no text becomes HTML. */
function chatHeaders(
  registry: Pick<Registry, 'view'>,
  embed: readonly string[],
): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    'media-src blob:',
    "manifest-src 'self'",
    "worker-src 'self'",
    ['connect-src', "'self'", ...webSocketOrigins(registry)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${embed.length === 0 ? "'none'" : embed.join(' ')}`,
    "require-trusted-types-for 'script'",
    'trusted-types cim',
  ];
  return { ...common, 'content-security-policy': policy.join('; ') };
}

/** Of all servers that a login may be sent to, each once. */
function webSocketOrigins({ view }: Pick<Registry, 'view'>): readonly string[] {
  const endpoints = view.choosable.flatMap(({ address }) => address);
  return [...new Set(endpoints.filter(({ kind }) => kind === 'ws').map(webSocketOrigin))];
}

function webSocketOrigin({ host, port, tls, url }: RoleEndpoint): string {
  if (url !== undefined) return new URL(url).origin.replace(/^http/, 'ws');
  return `${tls ? 'wss' : 'ws'}://${formatHostPort({ host, port })}`;
}
