/**
 * Nodes that stay, and who may use them: with `--zk-auth` only those who bear it may read, write or
 * remove what cim makes. The native client makes every node open to all, and then gives it to us: so
 * nothing is in it before that is done, and what somebody has put into it meanwhile is not believed.
 */
import { createHmac } from 'node:crypto';
import { CimError } from '../../base/errors.ts';
import { equalSecrets } from '../../base/secrets/secret.ts';
import type { Connection } from './connection.ts';

/**
 * Makes a folder, or sees that the one that is there is ours. Rejects with `not-allowed` if it is
 * not.
 */
export async function makeFolder(connection: Connection, path: string): Promise<void> {
  const outcome = await connection.create(path, '', 'persistent');
  if (!connection.protects) return;
  if (outcome === 'exists') {
    const access = await connection.accessTo(path);
    if (access === 'ours') return;
    const node = await connection.watch(path);
    // Left half-way, or by a cluster that ran without --zk-auth and has ended.
    const isUnused = access === 'everybody' && node?.childCount === 0;
    if (!isUnused) throw strangeNode(path);
  }
  await connection.protect(path);
}

/** A folder above those of cim: if it is there it may be shared with others, and stays as it is. */
export async function makeParent(connection: Connection, path: string): Promise<void> {
  const outcome = await connection.create(path, '', 'persistent');
  if (outcome === 'created' && connection.protects) await connection.protect(path);
}

/** The secret that is there, or else the one that `draw` gives. */
export async function agreeOnSecret(
  connection: Connection,
  path: string,
  auth: string | undefined,
  draw: () => string,
): Promise<string> {
  for (;;) {
    const found = await connection.read(path);
    if (found && found.data !== '') return opened(found.data, path, auth);
    if (!found) {
      await connection.create(path, connection.protects ? '' : draw(), 'persistent');
    } else {
      if (connection.protects) await connection.protect(path);
      // Whoever comes first: it is read again.
      await connection.write(path, signed(draw(), auth), found.facts.dataVersion);
    }
  }
}

function signed(secret: string, auth: string | undefined): string {
  return auth === undefined ? secret : `${secret}.${signatureOf(secret, auth)}`;
}

/** Whoever wrote it into a node that was still open to all does not know what to sign it with. */
function opened(data: string, path: string, auth: string | undefined): string {
  if (auth === undefined) return data;
  const [secret = '', signature = ''] = data.split('.');
  if (!equalSecrets(signature, signatureOf(secret, auth))) throw strangeNode(path);
  return secret;
}

function signatureOf(secret: string, auth: string): string {
  return createHmac('sha256', auth).update(`cim cluster secret ${secret}`).digest('base64url');
}

function strangeNode(path: string): CimError {
  return new CimError(
    'not-allowed',
    `${path} in ZooKeeper was not made with this --zk-auth: use the one that it was made with, or remove it while no role runs (deleteall ${path})`,
  );
}
