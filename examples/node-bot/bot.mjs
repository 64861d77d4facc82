// A bot: it answers everybody who writes to it, and commands in one group.

import { parseArgs } from 'node:util';
import { CimClient } from 'cim-client';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8083' },
    'user-id': { type: 'string', default: '1000' },
    group: { type: 'string', default: 'bots' },
    folder: { type: 'string', default: 'bot-state' },
  },
});
const { url, group, folder } = values;
const userId = Number(values['user-id']);

/** What it can do, by command: each gets the message, and gives the answer. */
const commands = {
  '/help': () => `I know ${Object.keys(commands).join(', ')}`,
  '/time': () => new Date().toISOString(),
  '/whoami': ({ from, fromName }) => `you are ${fromName}, with the number ${from}`,
};

const client = new CimClient({ url, userId, userName: 'bot', folder });
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ending.abort());

await client.start(ending);
await enter(group);
console.log(`the bot is there, as user ${userId} and in #${group}`);
for await (const message of client.messages(ending)) {
  const text = answerTo(message);
  if (text === undefined) continue;
  const target = message.group ? { group } : { to: message.from };
  try {
    await client.send(target, text, { replyTo: message.id });
  } catch (error) {
    // One who cannot be answered is no reason to leave the others alone.
    console.error(`no answer to ${message.from}: ${error.message}`);
  }
}
await client.close();

/** The first bot makes the group, and has it; others join it. */
async function enter(name) {
  try {
    await client.createGroup(name);
  } catch (error) {
    if (error.kind !== 'group-exists') throw error;
    await client.joinGroup(name);
  }
}

/** Undefined: none. */
function answerTo(message) {
  if (message.from === userId || (message.group && message.group !== group)) return undefined;
  const [word] = message.text.trim().split(/\s/, 1);
  if (Object.hasOwn(commands, word)) return commands[word](message);
  // What is a reply may come of a bot like this one: the two would never end.
  return message.group || message.replyTo ? undefined : 'I know commands only: /help';
}
