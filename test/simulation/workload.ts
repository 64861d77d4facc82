/** What people do: they talk, in bursts, to each other, to the lobby, and to nobody. */
import { CimError } from '../../src/base/errors.ts';
import type { Target } from '../../src/client/sdk/index.ts';
import { lobby } from '../../src/codec/commands.ts';
import { type Cluster, namedGroup } from './cluster.ts';
import { nameOf, type SimulatedDevice } from './simulated-device.ts';
import { httpOf } from './simulated-http.ts';
import { SimulatedProcess } from './simulated-time.ts';
import { numberOf } from './store-record.ts';

/** Nobody has this account: it is a final refusal, which takes its number. */
const nobody = 999;
const burstMax = 12;
const floodMax = 40;

/** One act of somebody. */
export function act(cluster: Cluster): void {
  const { random } = cluster.world;
  const running = cluster.devices.filter((device) => device.running);
  if (running.length === 0) return;
  const device = random.pick(running);
  const kind = random.fraction();
  if (kind < 0.1 && cluster.hasGroups) device.enter(namedGroup);
  else if (kind < 0.12 && cluster.hasGroups) device.leave(namedGroup);
  else if (kind < 0.2 && cluster.hasGroups) removes(cluster, running);
  else if (kind < 0.4 && cluster.hasChanges) changes(cluster);
  else if (kind < 0.85) burst(cluster, device, receiverOf(cluster));
  else if (kind < 0.93)
    device.schedule(openReceiverOf(cluster), cluster.newText(), delayOf(cluster));
  else sendOverHttp(cluster);
}

/** Somebody writes to another as fast as they may, or goes away until everything works again. */
export function flood(cluster: Cluster): void {
  const { random, time } = cluster.world;
  const running = cluster.devices.filter((device) => device.running);
  if (running.length === 0) return;
  const device = random.pick(running);
  if (random.chance(0.3)) {
    device.close();
    return;
  }
  const others = cluster.users.filter(({ userId }) => userId !== device.user.userId);
  const receiver = { to: random.pick(others).userId };
  const spreadMs = random.pick([0, 100, 2_000]);
  for (let count = random.integer(1, floodMax); count > 0; count--)
    time.after(random.integer(0, spreadMs), () => device.send(receiver, cluster.newText()));
}

function receiverOf(cluster: Cluster): Target {
  const toGroup = cluster.hasGroups && cluster.world.random.chance(0.3);
  return toGroup ? { group: namedGroup } : openReceiverOf(cluster);
}

/** Whom anybody may write to, and nobody at all. */
function openReceiverOf({ world: { random }, users }: Cluster): Target {
  const kind = random.fraction();
  if (kind < 0.25) return { group: lobby };
  if (kind < 0.28) return { to: nobody };
  return { to: random.pick(users).userId };
}

function delayOf({ world: { random } }: Cluster): number {
  return random.integer(0, 5);
}

function burst(cluster: Cluster, device: SimulatedDevice, receiver: Target): void {
  const { random, time } = cluster.world;
  const count = random.chance(0.5) ? 1 : random.integer(2, burstMax);
  const spreadMs = random.pick([0, 0, 100, 2_000]);
  const transient = random.chance(0.1);
  for (let index = 0; index < count; index++) {
    const send = () => {
      if (transient) device.sendTransient(receiver, cluster.newText());
      else device.send(receiver, cluster.newText());
    };
    if (spreadMs === 0) send();
    else time.after(random.integer(0, spreadMs), send);
  }
}

/** Everybody enters the group, somebody is removed from it, and all talk on, also they; they may be invited again. */
function removes(cluster: Cluster, running: readonly SimulatedDevice[]): void {
  const { random, time } = cluster.world;
  const later = (act: () => void) => time.after(random.integer(0, actMsMax), act);
  const owner = random.pick(running);
  const { userId } = random.pick(cluster.users);
  owner.enter(namedGroup);
  for (const device of running) later(() => device.enter(namedGroup));
  later(() => owner.remove(namedGroup, userId));
  for (let count = random.integer(0, burstMax); count > 0; count--) {
    const device = random.pick(running);
    later(() => device.send({ group: namedGroup }, cluster.newText()));
  }
  if (random.chance(0.3)) later(() => owner.invite(namedGroup, userId));
}

/** What people do at once is done within this time. */
export const actMsMax = 4_000;

/** Several people change what they know, now and over some time: also what others change meanwhile. */
function changes(cluster: Cluster): void {
  const { random, time } = cluster.world;
  for (let count = random.integer(1, burstMax); count > 0; count--)
    time.after(random.integer(0, actMsMax), () => {
      const running = cluster.devices.filter((device) => device.running);
      if (running.length > 0) random.pick(running).change(`c${cluster.ledger.changes.length + 1}`);
    });
}

/** An application without a device, for one of the users. */
function sendOverHttp(cluster: Cluster): void {
  const { world, users, routes, ledger } = cluster;
  const { random, time } = world;
  const process = new SimulatedProcess(time, 'caller');
  const http = httpOf(world, process, (origin) => routes.find((each) => each.origin === origin));
  const { userId } = random.pick(users);
  const toLobby = random.chance(0.3);
  const receiver = toLobby ? { group: lobby } : { to: random.pick(users).userId };
  const text = cluster.newText();
  const sent = ledger.sending({ userId }, receiver, time.epochMs, { number: numberOf(text) });
  world.note('caller', `sends ${text} to ${nameOf(receiver)} for ${userId}`);
  const body = { userId, msg: text, ...('to' in receiver && { receiveUserId: receiver.to }) };
  const url = `${random.pick(routes).origin}${toLobby ? '/groupRoute' : '/p2pRoute'}`;
  http.request(url, { method: 'POST', headers: {}, body, timeoutMs: 5_000 }).then(
    () => ledger.answered(sent, 'stored'),
    (error: unknown) => {
      // Nothing that can be tried again says whether it was done.
      const isFinal = error instanceof CimError && !error.retryable;
      ledger.answered(sent, isFinal ? 'refused' : 'unconfirmed');
    },
  );
}
