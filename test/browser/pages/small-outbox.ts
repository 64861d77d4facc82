/** As chat.ts, in a browser that keeps few messages for sending. */
import { limits } from '../../../src/base/limits.ts';

Object.assign(limits, { clientQueueMessagesMax: 3, clientQueueCharactersMax: 100 });

await import('./chat.ts');
