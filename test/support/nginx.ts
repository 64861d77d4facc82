/** The real nginx with docs/guides/nginx.conf, its ports replaced by those of the test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptsConnections } from '../../src/processes/local-ports.ts';
import { freePort } from './free-port.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

export interface TestNginx {
  readonly url: string;
  readonly process: TestProcess;
}

export interface NginxOptions {
  /** `host:port` */
  readonly routes: readonly string[];
  /** A server (`host:port`), and the port that leads to it. */
  readonly server?: { readonly address: string; readonly port: number };
  /** Servers that take WebSockets, `host:port`. */
  readonly webSockets?: readonly string[];
  /** Files that it speaks TLS with. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Where it listens, if that has to be known before. */
  readonly port?: number;
}

export async function startNginx({
  routes,
  server,
  webSockets = ['127.0.0.1:8082'],
  tls,
  port: wanted,
}: NginxOptions): Promise<TestNginx> {
  const folder = temporaryFolder('nginx');
  const port = wanted ?? (await freePort());
  const secure = tls && ` ssl; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}`;
  let config = readFileSync('docs/guides/nginx.conf', 'utf8');
  for (const [name, servers] of Object.entries({ cim_routes: routes, cim_web_sockets: webSockets }))
    config = withUpstream(config, name, servers);
  const streamPort = server?.port ?? (await freePort());
  config = config
    // Its lines name files as seen from nginx's own folder, which is not that of a test.
    .replace(/^include .*modules-enabled.*$/m, `load_module ${streamModule};`)
    .replace('listen 9100;', `listen 127.0.0.1:${streamPort};`)
    .replace('listen [::]:9100;', `listen [::1]:${streamPort};`)
    .replace('127.0.0.1:9000;', `${server?.address ?? '127.0.0.1:9000'};`)
    .replace('listen 8080;', `listen 127.0.0.1:${port}${secure ?? ''};`)
    .replace('listen [::]:8080;', `listen [::1]:${port};`)
    .replace('worker_processes auto;', 'worker_processes 1;');
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config);
  const started = await startProcess({
    name: 'nginx',
    command: 'nginx',
    // Debian keeps daemons in sbin, which is not on everybody's PATH.
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    args: [
      '-p',
      folder,
      '-c',
      file,
      '-e',
      join(folder, 'error.log'),
      '-g',
      `daemon off; pid ${join(folder, 'nginx.pid')};`,
    ],
    ready: () => acceptsConnections(port),
  });
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, process: started };
}

function withUpstream(config: string, name: string, servers: readonly string[]): string {
  const lines = servers.map((each) => `server ${each} max_fails=1 fail_timeout=5s;`);
  return config.replace(
    new RegExp(`(upstream ${name} \\{[^}]*?)(?: *server [^\\n]*\\n)+`),
    (_all, before: string) => `${before}        ${lines.join(' ')}\n`,
  );
}
