/** A chat with React: who has written, who is there, and one conversation, on the hooks of the SDK. */
import { CimClient, type Conversation, type Message, type Target } from 'cim-client';
import { useClient, useConversations, useMessages, usePresence } from 'cim-client/react';
import { type FormEvent, useEffect, useState } from 'react';

/** Signs in, and then chats. The client is made by an event, once, and not by a render. */
export function App() {
  const [client, setClient] = useState<CimClient>();
  const [refusal, setRefusal] = useState('');
  if (client) return <Chat client={client} />;
  const signIn = (event: FormEvent<HTMLFormElement>) => {
    const fields = fieldsOf(event);
    const { url = '', userName = '' } = fields;
    const made = new CimClient({ url, userId: Number(fields['userId']), userName });
    setClient(made);
    made.start().catch((cause: Error) => {
      setClient(undefined);
      setRefusal(cause.message);
    });
  };
  return (
    <form onSubmit={signIn}>
      <h1>A chat on cim</h1>
      <label>
        Cluster <input name="url" type="url" defaultValue="http://127.0.0.1:8083" required />
      </label>
      <label>
        Your number <input name="userId" type="number" min="1" required />
      </label>
      <label>
        Your name <input name="userName" required />
      </label>
      <button type="submit">Chat</button>
      <p role="alert">{refusal}</p>
    </form>
  );
}

interface ChatProps {
  readonly client: CimClient;
}

function Chat({ client }: ChatProps) {
  const { state, reason } = useClient(client);
  const conversations = useConversations(client);
  const [target, setTarget] = useState<Target>();
  return (
    <main>
      <p role="status">{reason ? `${state}: ${reason}` : state}</p>
      <form onSubmit={(event) => setTarget({ to: Number(fieldsOf(event)['peer']) })}>
        <label>
          Number of somebody <input name="peer" type="number" min="1" required />
        </label>
        <button type="submit">Open</button>
      </form>
      <nav aria-label="Conversations">
        {conversations.map((each) => (
          <button
            type="button"
            key={each.group ?? each.peer}
            onClick={() => setTarget(targetOf(each))}
          >
            {each.group ? `#${each.group}` : each.peer}: {each.last?.text} ({each.unread} unread)
          </button>
        ))}
      </nav>
      {target && (
        // Another key for each conversation: what is typed in one is not sent in another.
        <Messages key={JSON.stringify(target)} client={client} target={target} />
      )}
    </main>
  );
}

interface MessagesProps extends ChatProps {
  readonly target: Target;
}

function Messages({ client, target }: MessagesProps) {
  const { messages, hasOlder, error, loadOlder } = useMessages(client, target);
  const [refusal, setRefusal] = useState('');
  const newest = messages.at(-1);
  useEffect(() => {
    if (newest && newest.from !== client.userId) client.markRead(newest);
  }, [client, newest]);
  const say = (event: FormEvent<HTMLFormElement>) => {
    const { text = '' } = fieldsOf(event);
    event.currentTarget.reset();
    client.send(target, text).then(
      () => setRefusal(''),
      (cause: Error) => setRefusal(`not sent: ${cause.message}`),
    );
  };
  return (
    <section aria-label="Messages">
      <h2>{'to' in target ? <Person client={client} userId={target.to} /> : `#${target.group}`}</h2>
      {hasOlder && (
        <button type="button" onClick={loadOlder}>
          Older ones
        </button>
      )}
      <ol>
        {messages.map((message) => (
          <Line key={message.id} message={message} />
        ))}
      </ol>
      <p role="alert">{refusal || error?.message}</p>
      <form onSubmit={say}>
        <label>
          Message <input name="text" autoComplete="off" required />
        </label>
        <button type="submit">Send</button>
      </form>
    </section>
  );
}

function Person({ client, userId }: ChatProps & { readonly userId: number }) {
  const presence = usePresence(client, [userId]).get(userId);
  return (
    <>
      {userId} {presence && (presence.online ? 'is there' : 'is away')}
    </>
  );
}

function Line({ message }: { readonly message: Message }) {
  const { fromName, text, edited, retracted, reactions = [] } = message;
  return (
    <li>
      {fromName}: {retracted ? '(taken back)' : text} {edited && '(edited)'}{' '}
      {reactions.flatMap(({ emoji }) => emoji).join(' ')}
    </li>
  );
}

function targetOf({ group, peer = 0 }: Conversation): Target {
  return group === undefined ? { to: peer } : { group };
}

/** What was typed into a form, by name. */
function fieldsOf(event: FormEvent<HTMLFormElement>): Partial<Record<string, string>> {
  event.preventDefault();
  const entries = [...new FormData(event.currentTarget)];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
