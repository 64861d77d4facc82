/** `cim admin files`: how many there are, their bytes, those of unfinished ones, and who has most. */
import type { FileUsage } from '../../store/files.ts';
import type { AdminResult, Ask } from './action.ts';

export async function files(ask: Ask): Promise<AdminResult> {
  const usage = (await ask('POST', '/fileUsage')) as FileUsage;
  const row = (user: string, { files, bytes, unfinishedBytes }: Omit<FileUsage, 'owners'>) => [
    ...[user, String(files), String(bytes), String(unfinishedBytes)],
  ];
  const rows = [row('all', usage), ...usage.owners.map((owner) => row(`${owner.userId}`, owner))];
  const table = { header: ['USER ID', 'FILES', 'BYTES', 'UNFINISHED'], rows };
  return { objects: [usage], table, text: '' };
}
