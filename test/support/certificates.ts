/**
 * Certificates made by openssl, as an operator makes them (docs/guides/tls.md): an authority of one's own in
 * a temporary folder, and what it signs.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** A certificate and its key: paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Names and addresses that it is for, as in `subjectAltName`. */
  readonly names?: string;
  readonly expired?: boolean;
}

export class Authority {
  /** For `--tls-ca`. */
  readonly ca: string;
  readonly #key: string;
  readonly #folder = temporaryFolder('certificates');
  #issued = 0;

  constructor(name = 'cim test authority') {
    this.ca = join(this.#folder, 'ca.pem');
    this.#key = join(this.#folder, 'ca.key');
    openssl([
      ...['req', '-x509', '-new', '-days', '2', '-subj', `/CN=${name}`],
      ...[...newKey(this.#key), '-out', this.ca],
    ]);
  }

  /** Its own, which nobody else has signed. */
  get own(): CertificateFiles {
    return { cert: this.ca, key: this.#key };
  }

  issue({
    names = 'DNS:localhost,IP:127.0.0.1',
    expired = false,
  }: CertificateOptions = {}): CertificateFiles {
    this.#issued += 1;
    const base = join(this.#folder, `${this.#issued}`);
    const files: CertificateFiles = { cert: `${base}.pem`, key: `${base}.key` };
    const request = `${base}.csr`;
    const extensions = `${base}.ext`;
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    openssl(['req', '-new', '-subj', '/CN=cim', ...newKey(files.key), '-out', request]);
    openssl([
      ...['x509', '-req', '-in', request, '-CA', this.ca, '-CAkey', this.#key, '-CAcreateserial'],
      ...['-extfile', extensions, '-out', files.cert, '-days', expired ? '-1' : '1'],
    ]);
    return files;
  }
}

/** Puts a certificate in the place of another, as who renews one does. */
export function replaceCertificate(place: CertificateFiles, by: CertificateFiles): void {
  copyFileSync(by.cert, place.cert);
  copyFileSync(by.key, place.key);
}

function newKey(path: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
