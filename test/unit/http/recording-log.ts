/** A logger that remembers what it was given, as it would be printed. */
import type { Logger } from '../../../src/base/log.ts';

export function recordingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const record = (fields: unknown, message: string) => {
    lines.push(JSON.stringify({ fields, message }));
  };
  const log = { debug: record, info: record, warn: record, error: record };
  return { log: log as unknown as Logger, lines };
}
