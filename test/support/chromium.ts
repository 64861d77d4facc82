/**
 * Real Chromium, Debian's, for tests: started by the file that needs it, gone with it. What goes wrong
 * in a page, and what it complains of, fails the test.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type WebSocket,
} from 'playwright-core';
import { onTeardown } from './teardown.ts';

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  '--host-resolver-rules=MAP plain.test 127.0.0.1',
];

/** The same place under a name to which browsers give no more than plain http has: no WebCrypto, say. */
export function asPlainHttp(origin: string): string {
  return origin.replace('127.0.0.1', 'plain.test');
}

/** To be called in `beforeAll`: one for all tests of a file, each with contexts of its own. */
export async function startChromium(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
    args: flags,
    // As people have it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
  onTeardown(() => browser.close());
  return browser;
}

/** What a browser says of a page that is left while it connects. */
const leftEarly = /WebSocket is closed before the connection is established/;

export interface OpenPageOptions {
  /** What it may complain of: of a server that is to be gone, say. */
  readonly expectedErrors?: RegExp;
}

/** A browser of one person: cookies, storage and tabs apart from all others. */
export class BrowserUser {
  readonly context: BrowserContext;
  /** Which are open, of all tabs. */
  readonly webSockets = new Set<WebSocket>();
  readonly #complaints: string[] = [];

  static async of(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserUser> {
    const user = new BrowserUser(await browser.newContext(options));
    onTeardown(() => user.close());
    return user;
  }

  private constructor(context: BrowserContext) {
    this.context = context;
  }

  /** One more tab. */
  async open(url: string, { expectedErrors }: OpenPageOptions = {}): Promise<Page> {
    const page = await this.context.newPage();
    const complain = (complaint: string) => {
      if (!leftEarly.test(complaint) && !expectedErrors?.test(complaint))
        this.#complaints.push(complaint);
    };
    page.on('pageerror', (error) => complain(String(error.stack ?? error)));
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      complain(`${message.text()} (${message.location().url})`);
    });
    page.on('websocket', (webSocket) => {
      this.webSockets.add(webSocket);
      webSocket.on('close', () => this.webSockets.delete(webSocket));
    });
    await page.goto(url);
    return page;
  }

  /** Fails if a page of it had something to complain of. */
  async close(): Promise<void> {
    await this.context.close();
    if (this.#complaints.length > 0)
      throw new Error(`in the browser: ${this.#complaints.join('\n')}`);
  }
}

/**
 * Serves test/browser/pages/ on a free port: `/NAME` is a page that runs NAME.ts. Answers its origin.
 */
export async function servePages(): Promise<string> {
  const scripts = new Map<string, Promise<string>>();
  const server = createServer(async ({ url = '' }, response) => {
    const [, name = '', isScript] = /^\/([a-z-]+)(\.js)?$/.exec(url) ?? [];
    if (!existsSync(sourceOf(name))) return response.writeHead(204).end();
    if (!isScript)
      return response
        .setHeader('content-type', 'text/html')
        .end(`<!doctype html><title>${name}</title><script type=module src=/${name}.js></script>`);
    const script = scripts.get(name) ?? bundle(name);
    scripts.set(name, script);
    return response.setHeader('content-type', 'text/javascript').end(await script);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTeardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const pagesFolder = 'test/browser/pages';

function sourceOf(name: string): string {
  return join(pagesFolder, `${name}.ts`);
}

async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [sourceOf(name)],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
