/** Writes an export to a file, a record in each line: for its owner's eyes only, and whole or not at all. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { CimError } from '../../base/errors.ts';
import type { ExportRecord } from '../sdk/index.ts';

/** Records between two words about how far it is. */
const recordsPerNotice = 5_000;

/**
 * Rejects with a CimError: `invalid-argument` if there is such a file already or none can be made; what
 * the export rejects with. Of one that is not complete no file is left.
 */
export async function exportTo(
  file: string,
  records: AsyncIterable<ExportRecord>,
  notice: (text: string) => void,
): Promise<{ readonly messages: number; readonly expired: boolean }> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  try {
    const end = await writeAll(handle, records, notice);
    await handle.sync();
    return end;
  } catch (error) {
    await rm(file, { force: true });
    throw isSystemError(error) ? unwritable(file, error) : error;
  } finally {
    await handle.close();
  }
}

async function writeAll(
  handle: FileHandle,
  records: AsyncIterable<ExportRecord>,
  notice: (text: string) => void,
): Promise<{ readonly messages: number; readonly expired: boolean }> {
  let written = 0;
  for await (const record of records) {
    await handle.write(`${JSON.stringify(record, bytesAsText)}\n`);
    written += 1;
    if (written % recordsPerNotice === 0) notice(`exported ${written} records so far`);
    if (record.record === 'end') return { messages: record.messages, expired: record.expired };
  }
  throw new CimError('internal', 'the export has no end');
}

/** What applications have put beside a text. */
function bytesAsText(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value;
}

function unwritable(file: string, error: unknown): CimError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'EEXIST' ? 'there is such a file already: name another one' : message;
  return new CimError('invalid-argument', `${file} cannot be written: ${reason}`, { cause: error });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
