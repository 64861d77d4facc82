/** `cim admin files`: how many there are, their bytes, and who has most. */
import type { FileUsage } from '../../store/files.ts';
import type { AdminResult, Ask } from './action.ts';

export async function files(ask: Ask): Promise<AdminResult> {
  const usage = (await ask('POST', '/fileUsage')) as FileUsage;
  const row = (user: string, count: number, bytes: number) => [user, String(count), String(bytes)];
  const rows = [
    row('all', usage.files, usage.bytes),
    ...usage.owners.map(({ userId, files, bytes }) => row(String(userId), files, bytes)),
  ];
  const table = { header: ['USER ID', 'FILES', 'BYTES'], rows };
  return { objects: [usage], table, text: '' };
}
