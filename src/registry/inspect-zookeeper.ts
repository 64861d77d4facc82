/** How each member of an ensemble is, for operators: by its answer to `srvr`. */
import { connect } from 'node:net';
import { CimError } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';
import { formatHostPort, type HostPort } from '../base/network/host-port.ts';
import { parseEnsemble } from './zookeeper/ensemble.ts';

export interface EnsembleMember {
  /** `host:port` */
  readonly server: string;
  /** `leader`, `follower`, `standalone`, `observer`; undefined: it does not say. */
  readonly mode?: string;
  readonly version?: string;
  /** Why it serves nobody. */
  readonly problem?: string;
}

const answerMsMax = 2_000;
const answerBytesMax = 16_384;

/** `hosts`: `host[:port],…[/chroot]`. */
export async function inspectZooKeeper(hosts: string): Promise<readonly EnsembleMember[]> {
  return Promise.all(parseEnsemble(hosts).servers.map(inspectMember));
}

async function inspectMember(address: HostPort): Promise<EnsembleMember> {
  const server = formatHostPort(address);
  try {
    const answer = await askMember(address);
    if (answer.includes('not currently serving requests'))
      return { server, problem: 'it serves nobody: its ensemble has no quorum' };
    const [, mode] = /^Mode: (\w+)/m.exec(answer) ?? [];
    const [, version] = /^Zookeeper version: ([\d.]+)/im.exec(answer) ?? [];
    return {
      server,
      ...(mode !== undefined && { mode }),
      ...(version !== undefined && { version }),
    };
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    return { server, problem: error.message };
  }
}

/** Empty where the word is not allowed. */
async function askMember({ host, port }: HostPort): Promise<string> {
  const socket = connect({ host, port });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = '';
  socket.setTimeout(answerMsMax, () => reject(new CimError('unavailable', 'no answer')));
  socket.on('connect', () => socket.write('srvr'));
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
    if (answer.length > answerBytesMax) resolve(answer);
  });
  socket.on('end', () => resolve(answer));
  socket.on('error', ({ message }) => reject(new CimError('unavailable', message)));
  try {
    return await promise;
  } finally {
    socket.on('error', ignore('it was asked all'));
    socket.destroy();
  }
}
