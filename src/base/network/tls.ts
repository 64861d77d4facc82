/**
 * TLS of a process: the certificate that its ports show, and whom it believes when it calls others;
 * both read from files, and read again while it runs. Sockets are their owners': src/net/,
 * src/http/ and the client take what they need from here.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type SecureContext,
} from 'node:tls';
import { CimError, describeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { readPrivateFile } from '../secrets/private-file.ts';
import { isLoopback } from './loopback.ts';

/** Paths of PEM files, and what is said about others. A role that has no such option leaves it out. */
export interface TlsSettings {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsName?: string | undefined;
  readonly tlsClientCerts?: boolean;
}

/** What a port speaks TLS with. */
export interface TlsPort {
  /** For a connection that comes now. */
  readonly context: SecureContext;
  /** For `https.createServer` and `setSecureContext`, likewise as of now. */
  readonly files: { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer };
  /** Callers are asked for a certificate. Who gives none, or a wrong one, is `authorized: false`. */
  readonly asksCallers: boolean;
  /** Called when there is a new certificate. Returns how to stop that. */
  onReload(listener: () => void): () => void;
}

/** What others are called with, and checked by. */
export interface TlsDialling {
  readonly dialOptions: TlsDialOptions;
  /**
   * Why `peer` (`host:port`) may not be called without TLS; undefined: it may. Whether a peer speaks
   * TLS is often known by hearsay, of ZooKeeper or of a route: whoever was told of certificates does
   * not believe that it does not.
   */
  refusalOfPlain(peer: string): CimError | undefined;
}

/** For `tls.connect`, beside host and port. */
export interface TlsDialOptions {
  readonly secureContext: SecureContext;
  readonly servername?: string;
  readonly checkServerIdentity?: typeof checkServerIdentity;
}

interface Files {
  readonly own: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly ca: Buffer | undefined;
}

/**
 * Whoever renews a certificate replaces two files, one after the other: for so long, so often, those
 * that do not fit each other are looked at again.
 */
const rereadMs = 200;
const rereadsMax = 10;

/**
 * For a role, which says at its start what is wrong with it that does not keep it from working.
 * Rejects with `bad-config`.
 */
export async function openTls(
  settings: TlsSettings & { readonly host: string },
  log: Logger,
): Promise<Tls> {
  const tls = await Tls.open(settings);
  tls.warnOfExpiry(log);
  if (!tls.isServing && !isLoopback(settings.host))
    log.warn('without --tls-cert whoever is on the way can read along: for closed networks only');
  return tls;
}

export class Tls implements TlsDialling {
  readonly #settings: TlsSettings;
  readonly #listeners = new Set<() => void>();
  #files: Files;
  #portContext: SecureContext | undefined;
  #dialContext: SecureContext | undefined;
  #reloading: Promise<void> = Promise.resolve();

  /** Rejects with `bad-config`, naming the option and its file. */
  static async open(settings: TlsSettings): Promise<Tls> {
    checkTogether(settings);
    return new Tls(settings, await readFiles(settings));
  }

  /** Shows nothing, and believes whom this machine believes. */
  static ofSystem(): Tls {
    return new Tls({}, { own: undefined, ca: undefined });
  }

  private constructor(settings: TlsSettings, files: Files) {
    this.#settings = settings;
    this.#files = files;
  }

  /** Undefined: without a certificate ports speak plainly. */
  get port(): TlsPort | undefined {
    if (!this.#files.own) return undefined;
    const asksCallers = this.#settings.tlsClientCerts === true;
    const files = () => portFiles(this.#files, asksCallers);
    const context = () => {
      this.#portContext ??= createSecureContext(files());
      return this.#portContext;
    };
    return {
      asksCallers,
      get context() {
        return context();
      },
      get files() {
        return files();
      },
      onReload: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  /** The ports of this process speak TLS. */
  get isServing(): boolean {
    return this.#files.own !== undefined;
  }

  get dialOptions(): TlsDialOptions {
    const { own, ca = systemAuthorities() } = this.#files;
    this.#dialContext ??= createSecureContext({ ...own, ca });
    return { secureContext: this.#dialContext, ...expectedName(this.#settings.tlsName) };
  }

  refusalOfPlain(peer: string): CimError | undefined {
    const { tlsCa, tlsName, tlsCert } = this.#settings;
    const given = Object.entries({
      '--tls-ca': tlsCa,
      '--tls-name': tlsName,
      '--tls-cert': tlsCert,
    })
      .filter(([, value]) => value !== undefined)
      .map(([option]) => option);
    if (given.length === 0) return undefined;
    return new CimError(
      'unavailable',
      `${peer} is said to speak no TLS, and with ${given.join(', ')} nothing is sent in clear: ` +
        'a role there needs --tls-cert and --tls-key, a --route that names it https://',
    );
  }

  /**
   * Reads the files again. What cannot be used changes nothing, and is logged; connections that are
   * there go on as they are. Does not reject.
   */
  reload(log: Logger): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload(log));
    return this.#reloading;
  }

  /** A certificate that others will refuse should not be found out by them. */
  warnOfExpiry(log: Logger): void {
    const { own } = this.#files;
    if (!own) return;
    const { validToDate } = new X509Certificate(own.cert);
    if (validToDate.getTime() < Date.now())
      log.warn({ validTo: validToDate }, 'the certificate of --tls-cert has expired');
  }

  async #reload(log: Logger): Promise<void> {
    try {
      this.#files = await this.#readSettled();
    } catch (error) {
      const facts = { error: describeError(error) };
      log.error(facts, 'the certificate cannot be used, the one before stays in use');
      return;
    }
    this.#portContext = undefined;
    this.#dialContext = undefined;
    for (const listener of this.#listeners) listener();
    log.info('the certificate was read again');
    this.warnOfExpiry(log);
  }

  async #readSettled(): Promise<Files> {
    for (let rereads = 0; ; rereads += 1) {
      try {
        return await readFiles(this.#settings);
      } catch (error) {
        if (rereads === rereadsMax) throw error;
      }
      await delay(rereadMs, undefined, { ref: false });
    }
  }
}

function checkTogether({ tlsCert, tlsKey, tlsCa, tlsClientCerts }: TlsSettings): void {
  if (tlsCert !== undefined && tlsKey === undefined)
    throw new CimError('bad-config', '--tls-cert needs --tls-key, its private key');
  if (tlsKey !== undefined && tlsCert === undefined)
    throw new CimError('bad-config', '--tls-key needs --tls-cert, its certificate');
  if (!tlsClientCerts) return;
  if (tlsCert === undefined)
    throw new CimError('bad-config', '--tls-client-certs needs --tls-cert and --tls-key');
  // Else whoever has a certificate of a usual authority, which is everybody, would be a role.
  if (tlsCa === undefined)
    throw new CimError('bad-config', '--tls-client-certs needs --tls-ca, who signs for the roles');
}

async function readFiles({ tlsCert, tlsKey, tlsCa }: TlsSettings): Promise<Files> {
  const ca = tlsCa === undefined ? undefined : await readAuthority('tls-ca', tlsCa);
  if (tlsCert === undefined || tlsKey === undefined) return { own: undefined, ca };
  const cert = await readPem('tls-cert', tlsCert);
  const key = await readKey(tlsKey);
  const certificate = parsed('tls-cert', tlsCert, () => new X509Certificate(cert));
  const privateKey = parsed('tls-key', tlsKey, () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw new CimError('bad-config', `--tls-key ${tlsKey}: is not the key of ${tlsCert}`);
  // What follows the first certificate, and what a chain may not hold.
  parsed('tls-cert', tlsCert, () => createSecureContext({ cert, key }));
  return { own: { cert, key }, ca };
}

async function readKey(path: string): Promise<Buffer> {
  try {
    return await readPrivateFile(path);
  } catch (cause) {
    throw new CimError('bad-config', `--tls-key ${describeError(cause)}`, { cause });
  }
}

/** Rejects with `bad-config`, naming the option and its file. */
export async function readAuthority(option: string, path: string): Promise<Buffer> {
  const ca = await readPem(option, path);
  parsed(option, path, () => new X509Certificate(ca));
  return ca;
}

async function readPem(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CimError('bad-config', `--${option} ${path}: cannot be read`, { cause });
  }
}

function parsed<T>(option: string, path: string | undefined, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new CimError('bad-config', `--${option} ${path}: is not what it should be, in PEM`, {
      cause,
    });
  }
}

/** Authorities are there to judge callers; without those nobody needs to hear of them. */
function portFiles({ own, ca }: Files, asksCallers: boolean): TlsPort['files'] {
  if (!own) throw new Error('a port that speaks TLS has a certificate');
  return asksCallers && ca ? { ...own, ca } : own;
}

/** Those of Node.js, and those that the administrator of this machine has added. */
export function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function expectedName(name: string | undefined): Omit<TlsDialOptions, 'secureContext'> {
  if (name === undefined) return {};
  return {
    // An address is no server name in a handshake (RFC 6066, section 3).
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_dialled, certificate) => checkServerIdentity(name, certificate),
  };
}
