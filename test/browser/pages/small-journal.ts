/** As journal.ts, in a browser that keeps little. */
import { limits } from '../../../src/base/limits.ts';

Object.assign(limits, {
  clientStoredMessagesMax: 10,
  clientStoredBytesMax: 10_000,
  clientJournalMax: 10,
});

await import('./journal.ts');
