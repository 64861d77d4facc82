// A conversation of two in a page, without a framework.

import { CimClient, messageList } from 'cim-client';

const element = (id) => document.getElementById(id);

element('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { url, userId, userName, peer } = Object.fromEntries(new FormData(event.target));
  event.target.hidden = true;
  // The secret of the account is drawn at the first login, and kept in IndexedDB.
  const client = new CimClient({ url, userId: Number(userId), userName });
  show(client, { to: Number(peer) });
  try {
    await client.start();
  } catch (error) {
    complain(error);
  }
});

function show(client, target) {
  const list = messageList(client, target);
  const draw = () => {
    const { state, reason } = client.getSnapshot();
    element('status').textContent = reason ? `${state}: ${reason}` : state;
    const { messages, hasOlder, error } = list.getSnapshot();
    if (error) complain(error);
    element('older').hidden = !hasOlder;
    element('messages').replaceChildren(...messages.map(line));
  };
  client.subscribe(draw);
  list.subscribe(draw);
  draw();
  element('older').addEventListener('click', list.loadOlder);
  element('say').addEventListener('submit', async (event) => {
    event.preventDefault();
    const { text } = Object.fromEntries(new FormData(event.target));
    event.target.reset();
    try {
      await client.send(target, text);
    } catch (error) {
      complain(error);
    }
  });
  element('chat').hidden = false;
}

function complain({ message }) {
  element('status').textContent = message;
}

/** As text, never as HTML: anybody may have written it. */
function line({ fromName, text, edited, retracted }) {
  const item = document.createElement('li');
  const said = retracted ? '(taken back)' : text;
  item.textContent = `${fromName}: ${said}${edited ? ' (edited)' : ''}`;
  return item;
}
