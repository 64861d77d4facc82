/** Where the programs are that a cluster is made of. */
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { CimError } from '../base/errors.ts';
import type { Program } from '../base/process/own-program.ts';

/** Rejects with `unavailable`, and says what to install. */
export function redisProgram(): Program {
  return { program: needed('redis-server', 'redis-server'), args: [] };
}

/** ZooKeeper without its scripts, which fork and log as the machine's owner wants it. */
export function zookeeperProgram(): Program {
  const classpath = zookeeperClasspath();
  if (classpath === undefined) throw missing('ZooKeeper', 'zookeeper');
  const main = 'org.apache.zookeeper.server.ZooKeeperServerMain';
  return { program: needed('java', 'default-jre-headless'), args: ['-cp', classpath, main] };
}

/** In PATH, and where Debian keeps daemons, which is not in everybody's. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Put before a command. Linux: `setpriv` asks the kernel to kill the process with its parent, and becomes the program. */
export function dyingWithParent(): readonly string[] {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
}

/** Debian's, or that of Apache's archive, whose script is in PATH. */
function zookeeperClasspath(): string | undefined {
  const jars = ['zookeeper.jar', 'slf4j-simple.jar'].map((jar) => join('/usr/share/java', jar));
  if (existsSync(jars[0] ?? '')) return jars.join(delimiter);
  const script = findProgram('zkServer.sh');
  return script && join(dirname(dirname(realpathSync(script))), 'lib', '*');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function needed(name: string, debianPackage: string): string {
  const path = findProgram(name);
  if (path === undefined) throw missing(name, debianPackage);
  return path;
}

function missing(name: string, debianPackage: string): CimError {
  return new CimError(
    'unavailable',
    `${name} is not there, and a cluster needs it (Debian: apt-get install ${debianPackage})`,
  );
}
