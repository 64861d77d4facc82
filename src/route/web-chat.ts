/**
 * The web chat, as a route serves it: the files that deploy/build/web.mjs has made from src/web/, and what a
 * browser is told to keep that page from.
 */
import { gzipSync } from 'node:zlib';
import { formatHostPort } from '../base/network/host-port.ts';
import type { RoleEndpoint } from '../base/network/role-address.ts';
import type { WebFile } from '../http/web-files.ts';
import type { Registry } from '../registry/registry.ts';
import type { AuthMode } from './accounts/authentication.ts';

export interface WebChatOptions {
  readonly settings: {
    readonly web: 'off' | 'on';
    readonly webEmbed?: readonly string[] | undefined;
  };
  readonly mode: AuthMode;
  readonly registry: Pick<Registry, 'view'>;
  /** What deploy/build/web.mjs has made, as JSON. Unbundled, as under Jest, there is none. */
  readonly built?: string | undefined;
}

/** As deploy/build/web.mjs writes it. */
interface Built {
  /** The page itself. */
  readonly page: string;
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

/** None if it is off. */
export function webChatFiles({
  settings: { web, webEmbed = [] },
  mode,
  registry,
  built = embedded,
}: WebChatOptions): readonly WebFile[] {
  if (web === 'off' || built === undefined) return [];
  const { page, files } = JSON.parse(built) as Built;
  return [
    {
      path: '/',
      type: 'text/html; charset=utf-8',
      gzip: gzipSync(page.replace(modePlace, mode)),
      isImmutable: false,
      headers: () => pageHeaders(registry, webEmbed),
    },
    ...files.map((file) => ({ ...file, gzip: Buffer.from(file.gzip, 'base64') })),
  ];
}

/** Nothing but its own files runs there, nothing but cim is talked to, and no text becomes HTML. */
function pageHeaders(
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
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
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
