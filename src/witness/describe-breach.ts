/** A broken promise, for people. Pure. */
import type { Breach } from './breach.ts';
import type { LedgerView, SentRecord } from './ledger.ts';

/** What happened to a message, in one line: who, what, when, on which device. */
export function describeBreach(
  { kind, number, device, detail }: Breach,
  { sent, devices }: LedgerView,
): string {
  const message = sent.get(number);
  const shown = devices
    .find((each) => each.device === device)
    ?.shown.filter((showing) => showing.number === number)
    .map(({ life, seq }) => `in life ${life} as ${seq}`);
  const reading = detail === undefined ? '' : `, read back ${detail}`;
  const showings = shown && shown.length > 0 ? `shown ${shown.join(', ')}` : 'not shown';
  if (!message)
    return `${kind}: device ${device}, a message that nobody sent: ${showings}${reading}`;
  return `${kind}: message ${number} of ${describeMessage(message)}; device ${device}: ${showings}${reading}`;
}

function describeMessage({ device, life, target, at, outcome, code, seq }: SentRecord): string {
  const receiver = 'group' in target ? `#${target.group}` : `user ${target.to}`;
  const answer = [outcome, ...(code === '' ? [] : [code]), ...(seq > 0 ? [`as ${seq}`] : [])];
  return `device ${device} (life ${life}) to ${receiver} at ${new Date(at).toISOString()}, ${answer.join(' ')}`;
}
