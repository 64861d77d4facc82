/** `cim trace`: asks a route where a message is, and says it in plain words. */
import { CimError } from '../../base/errors.ts';
import { exitCodes } from '../../base/exit-codes.ts';
import { safeJson, safeLine } from '../../base/text/safe-text.ts';
import { parseIdentity } from '../../codec/identity.ts';
import type { TraceSettings } from '../../config/settings.ts';
import type { MessageTrace, Outlook } from '../../route/operation-shapes.ts';
import type { Ask } from '../admin/action.ts';
import { askCluster } from '../admin/cluster.ts';

/** Resolves to the exit code: 1 if the message is not stored where it is received, or would not be. */
export async function runTrace(
  settings: TraceSettings,
  id: string | undefined,
  out: { write(text: string): unknown },
): Promise<number> {
  const { to, group, json } = settings;
  const isDryRun = to !== undefined || group !== undefined;
  if (isDryRun === (id !== undefined))
    throw new CimError('usage', 'give the id of a message, or --to or --group for one to come');
  const ask = await askCluster(settings);
  const told = id === undefined ? await foresee(ask, { to, group }) : await trace(ask, id);
  out.write(
    json ? `${safeJson(told.answer)}\n` : told.lines.map((line) => `${safeLine(line)}\n`).join(''),
  );
  return told.isWell ? exitCodes.ok : exitCodes.failure;
}

interface Told {
  readonly answer: MessageTrace | Outlook;
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

async function trace(ask: Ask, id: string): Promise<Told> {
  const answer = (await ask('POST', '/trace', { id })) as MessageTrace;
  return { answer, lines: linesOfTrace(answer), isWell: answer.copies[0]?.seq !== null };
}

async function foresee(ask: Ask, target: object): Promise<Told> {
  const answer = (await ask('POST', '/outlook', target)) as Outlook;
  return { answer, lines: linesOfOutlook(answer), isWell: answer.obstacles.length === 0 };
}

export function linesOfTrace(answer: MessageTrace): string[] {
  const { id, copies, pushes, delivered, read } = answer;
  const isGroup = parseIdentity(id)?.group !== '';
  return [
    ...copies.map((copy, place) => {
      const whose = place > 0 ? "the sender's own copy" : isGroup ? 'the group' : 'the receiver';
      if (copy.seq === null)
        return `not stored for ${whose} (${copy.timeline}): not among its newest ${copy.searched} messages`;
      const accepted = copy.at === null ? '' : `, accepted ${new Date(copy.at).toISOString()}`;
      return `stored for ${whose} (${copy.timeline}) as number ${copy.seq}${accepted}`;
    }),
    ...pushes.map(({ at, instance, sessions, outcome }) => {
      const to = sessions === 0 ? 'members' : counted(sessions, 'session');
      return `pushed ${new Date(at).toISOString()} to ${to} at server ${instance}: ${outcome}`;
    }),
    ...(pushes.length === 0
      ? ['no push of it is remembered: a device reads it when it connects']
      : []),
    isGroup
      ? `delivered to ${counted(delivered, 'member')}, read by ${read}`
      : `${delivered ? 'delivered' : 'not delivered yet'}, ${read ? 'read' : 'not read yet'}`,
    ...linesOfOutlook(answer),
  ];
}

function linesOfOutlook({ sessions, obstacles }: Outlook): string[] {
  return [
    ...obstacles.map((obstacle) => `in its way: ${obstacle}`),
    ...(sessions.length === 0 ? ['nobody is connected to take it now: it waits in the store'] : []),
    ...sessions.map(({ device, server }) =>
      device === ''
        ? `members are at server ${server}`
        : `connected: device ${device} at server ${server}`,
    ),
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
