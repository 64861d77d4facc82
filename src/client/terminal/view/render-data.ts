/** How the results of :export and :delete-account look. */
import type { Result } from './view.ts';

export function exportedText({
  file,
  messages,
  expired,
}: Extract<Result, { kind: 'exported' }>): string {
  const count = messages === 1 ? 'one message' : `${messages} messages`;
  const older = expired ? '; older ones are not kept any more' : '';
  return `${file} has all that is kept of you, with ${count}${older}. Only you may read it`;
}

export const deletedText =
  'your account is deleted. What is left on this device is in the folder of your data: delete it, too';
