/** Which part of a client takes what its server sends, by command. */
import { command } from '../../../codec/commands.ts';
import type { ServerFrame } from '../../../codec/sdk-frame.ts';
import type { OthersMarks } from '../conversations/others-marks.ts';
import type { PresenceWatch } from '../presence/presence-watch.ts';
import type { Incoming } from '../receiving/incoming.ts';
import type { Outgoing } from '../sending/outgoing.ts';

export interface Takers {
  /** Undefined before the first login. */
  readonly incoming: Incoming | undefined;
  readonly outgoing: Outgoing;
  readonly presence: PresenceWatch;
  readonly marks: OthersMarks;
}

export function takeFrame(
  frame: ServerFrame,
  now: number,
  { incoming, outgoing, presence, marks }: Takers,
): void {
  switch (frame.cmd) {
    case command.message:
      incoming?.message(frame);
      break;
    case command.ack:
      outgoing.acknowledged(frame, now);
      if (frame.code === 0) incoming?.stored(frame);
      break;
    case command.read:
      incoming?.pageEnded(frame);
      break;
    case command.hint:
      incoming?.hinted(frame);
      break;
    case command.group:
      incoming?.groupChanged(frame);
      break;
    case command.presence:
      presence.take(frame);
      break;
    case command.mark:
      marks.marked(frame);
      break;
    case command.login:
      // No server says that: a message whose command cannot be read.
      if (frame.seq > 0) incoming?.unreadable(frame.seq);
      break;
    default:
    // A pong has done its work by arriving; what a newer server says besides is not for us.
  }
}
