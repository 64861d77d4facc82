/** What all tabs of a device share, as one of them has it while it takes part. */
import type { CimClientOptions } from '../client-options.ts';
import { type DeviceDatabase, openDatabase } from './database.ts';
import { Journal } from './journal.ts';
import type { JournalReader } from './journal-reader.ts';
import { Outbox } from './outbox.ts';
import { TabChannel, type TabMessage } from './tab-channel.ts';

export interface Share {
  readonly database: DeviceDatabase;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly channel: TabChannel;
}

/** The reader goes on where the tab was; what others post is heard from then on. */
export async function openShare(
  options: Pick<CimClientOptions, 'userId' | 'userName'> & { readonly name: string },
  reader: Pick<JournalReader, 'open'>,
  heard: (message: TabMessage) => void,
): Promise<Share> {
  const database = await openDatabase(options.name);
  const journal = new Journal(database, options.userId);
  await reader.open(journal);
  const outbox = new Outbox(database, options);
  return { database, journal, outbox, channel: new TabChannel(options.name, heard) };
}
