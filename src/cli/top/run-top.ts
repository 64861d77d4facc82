/** `cim top`: how a cluster is, live on a terminal, or once. */
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { safeJson, safeLine } from '../../base/text/safe-text.ts';
import type { TopSettings } from '../../config/settings.ts';
import { askCluster } from '../admin/cluster.ts';
import type { Host } from '../command.ts';
import { type TopPicture, TopScreen } from './top-screen.ts';
import { type TopRole, topLines } from './top-view.ts';

/** Resolves to the exit code. */
export async function runTop(settings: TopSettings, host: Host): Promise<number> {
  const ask = await askCluster(settings);
  const roles = async () => (await ask('GET', '/cluster')) as readonly TopRole[];
  const { stdin, stdout } = host;
  if (settings.once || settings.json || !stdin.isTTY || !stdout.isTTY) {
    const found = await roles();
    const layout = { columns: stdout.columns ?? Infinity, rows: Infinity } as const;
    const lines = settings.json
      ? found.map((role) => safeJson(role))
      : topLines(found, { ...layout, sorting: 'role', filter: '' });
    stdout.write(lines.map((line) => `${line}\n`).join(''));
    return exitCodes.ok;
  }
  // What cannot be asked at the start is an error; later it is shown, and asked again.
  await roles();
  await new TopScreen({ host, look: () => lookAgain(roles) }).run();
  return exitCodes.ok;
}

async function lookAgain(roles: () => Promise<readonly TopRole[]>): Promise<TopPicture> {
  try {
    return { roles: await roles() };
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    return { problem: safeLine(error.message) };
  }
}
