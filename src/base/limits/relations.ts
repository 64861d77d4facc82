/**
 * What holds between bounds, so that what is within one fits into the next: looked at when they are
 * loaded, as a wrong one would show only under load. Each is told by the sentence that it breaks.
 */
import type { clientLimits } from './client.ts';
import type { contentLimits } from './content.ts';
import type { filesLimits } from './files.ts';
import type { httpLimits } from './http.ts';
import type { inputLimits } from './input.ts';
import type { linksLimits } from './links.ts';
import type { marksLimits } from './marks.ts';
import type { ratesLimits } from './rates.ts';
import type { serverLimits } from './server.ts';
import type { storeLimits } from './store.ts';

export type Bounds = Readonly<
  Record<
    keyof (typeof inputLimits &
      typeof serverLimits &
      typeof ratesLimits &
      typeof linksLimits &
      typeof httpLimits &
      typeof storeLimits &
      typeof clientLimits &
      typeof contentLimits &
      typeof marksLimits &
      typeof filesLimits),
    number
  >
>;

/** What a route adds to a message: its sender's name, an epoch, and a time. */
const originBytes = (bounds: Bounds) => nameBytes(bounds) + 64;
/** Characters of others take as many bytes in UTF-8, and in JSON those of a name no more. */
const bytesPerCharacter = 4;
const nameBytes = (bounds: Bounds) => bytesPerCharacter * bounds.nameCharactersMax;
const groupNameBytes = (bounds: Bounds) => bytesPerCharacter * bounds.groupNameCharactersMax;
/** What there is to know of a group, in JSON. */
const groupBytes = (b: Bounds) =>
  groupNameBytes(b) + bytesPerCharacter * b.groupTitleCharactersMax + 20 * b.groupAdminsMax + 256;
const publicKeysBytes = (b: Bounds) => (1 + b.earlierKeysMax) * (b.publicKeyCharactersMax + 3);
/** What says where a history goes on has a number and a name of each timeline, in base64. */
const positionBytes = (b: Bounds) => (2 + b.groupsPerUserMax) * (groupNameBytes(b) + 24) + 64;
/** What a frame has beside the text: receiver, number, identity. */
const frameOverheadBytes = (bounds: Bounds) => groupNameBytes(bounds) + 128;
/** Checks, interest, cursors, presence, and where receivers are, for the first time and again. */
const backgroundKinds = 6;

const relations: Readonly<Record<string, (bounds: Bounds) => boolean>> = {
  'every route hears of a deletion, and a join has ended, before it is finished for good': (b) =>
    2 * b.deletionLookMs <= b.deletionSettlesMs / 2 && b.groupJoinMs < b.deletionSettlesMs,
  'a login fits a frame': (b) => b.loginFrameBytesMax <= b.frameBytesMax,
  'a frame fits a WebSocket message': (b) => b.frameBytesMax + 8 <= b.webSocketMessageBytesMax,
  'the longest text, sealed, fits a frame': (b) =>
    b.sealedBytesMax + frameOverheadBytes(b) <= b.frameBytesMax,
  'a frame, with what a route adds, fits an entry of a link': (b) =>
    b.frameBytesMax + originBytes(b) <= b.linkEntryBytesMax,
  'a run, with what a route adds, fits an entry of a link': (b) =>
    b.runBytesMax + b.runMessagesMax * originBytes(b) <= b.linkEntryBytesMax,
  'a page, with a message beyond it, fits an entry of a link': (b) =>
    b.pageBytesMax + b.sealedBytesMax + b.pageMessagesMax * originBytes(b) <= b.linkEntryBytesMax,
  'a page of those online fits an entry of a link': (b) =>
    b.onlinePageMax * (nameBytes(b) + 16) <= b.linkEntryBytesMax,
  'a run, with what a route adds, fits a call of the store': (b) =>
    b.runBytesMax + b.runMessagesMax * originBytes(b) <= b.storeBatchBytesMax,
  'a login is answered with all groups of its user': (b) =>
    b.groupsPerUserMax * (groupNameBytes(b) + 64) <= b.pageBytesMax,
  'the longest token fits a login': (b) =>
    b.tokenCharactersMax + 2 * nameBytes(b) + 1_024 <= b.loginFrameBytesMax,
  'a link takes an entry, also in a process that is short of memory': (b) =>
    b.linkEntryBytesMax <=
    Math.min(b.linkInFlightBytesMax, b.linkAnswersBytesMax, b.linkSharedBytesMax),
  'a link has room for all that a server asks for by itself': (b) =>
    backgroundKinds * b.callsUnderWayMax <= b.linkBackgroundInFlightMax,
  'and for transient messages that have waited until it was known where to': (b) =>
    b.transientsWaitingMax <= b.linkDroppableInFlightMax &&
    b.transientsWaitingBytesMax <= b.linkDroppableInFlightBytesMax,
  'logins, their ends and pages leave half of a link to messages': (b) =>
    2 * b.callsUnderWayMax + b.pagesUnderWayMax <= b.linkInFlightMax / 2,
  'what a connection may have in flight is no less than a run': (b) =>
    b.runBytesMax + b.runMessagesMax * b.inFlightOverheadBytes <= b.inFlightBytesPerConnectionMax &&
    b.runMessagesMax <= b.inFlightPerConnectionMax,
  'a connection alone is held by its own bound, not by what all share': (b) =>
    2 * b.inFlightPerConnectionMax <= b.inFlightSharedMax &&
    2 * b.inFlightBytesPerConnectionMax <= b.inFlightSharedBytesMax,
  'what all share in flight fits its part of the least budget': (b) =>
    b.inFlightSharedBytesMax <= b.inFlightShare * b.processBytesMin,
  'what one does in a turn, one may have in flight': (b) =>
    b.turnShareMin <= b.inFlightShareMin &&
    b.turnShareMin <= b.turnWaitedShareMin &&
    b.turnWaitedShareMin < b.turnWorkMax,
  'a share in flight has room for short messages': (b) =>
    2 * b.inFlightShareMin * b.inFlightOverheadBytes <= b.inFlightShareBytesMin,
  'a client has no more in flight than its connection may': (b) =>
    b.clientInFlightMax <= b.inFlightPerConnectionMax,
  'the longest text is taken while memory is getting short': (b) =>
    b.sealedBytesMax + frameOverheadBytes(b) + b.inFlightOverheadBytes <= b.inFlightShortBytesMax,
  'a short message is taken when memory is nearly gone': (b) =>
    4 * b.inFlightOverheadBytes <= b.inFlightLastBytesMax,
  'the parts of the budget leave a part to readers': (b) =>
    b.inFlightShare + b.halfReadShare + b.pagesShare < b.shortShare && b.shortShare < 1,
  'pages on their way fit their part of the budget': (b) =>
    b.pagesUnderWayMax * b.pageBytesMax <= b.pagesShare * b.processBytesMax,
  'the least budget holds the pages of a connection': (b) =>
    b.readsPerConnectionMax * b.pageBytesMax <= b.pagesShare * b.processBytesMin,
  'the least budget holds half-read frames': (b) =>
    4 * b.frameBytesMax <= b.halfReadShare * b.processBytesMin,
  'the least budget holds what two connections have in flight': (b) =>
    2 * b.inFlightBytesPerConnectionMax <= (b.inFlightShare * b.processBytesMin) / 8,
  'the least budget holds transient messages that wait': (b) =>
    2 * b.transientsWaitingBytesMax <= b.processBytesMin,
  'an outbox holds live messages, and the pages that were asked for': (b) =>
    b.liveShortBytesMax < b.liveBytesMax &&
    b.liveBytesMax + b.readsPerConnectionMax * (b.pageBytesMax + b.frameBytesMax / 4) <=
      b.outboxBytesMax,
  'one account cannot watch all that a server may': (b) =>
    2 * b.devicesPerUserMax * b.watchedPerConnectionMax <= b.watchedPerServerMax,
  'one account cannot take all the watchers of a user': (b) =>
    2 * b.devicesPerUserMax <= b.watchersPerUserMax,
  'transient messages wait for less than stored ones': (b) =>
    b.transientOutboxBytesMax < b.liveBytesMax,
  'what a server does for its people as it stops is over before it is cut off': (b) =>
    b.withdrawMsMax + b.moveMsMax + b.moveAnswerMsMax + b.moveLingerMsMax + b.stopReportMsMax <
      b.stopStepsMsMax &&
    b.stopStepsMsMax < b.stopMsMax &&
    b.stopMsMax < b.workersStopMsMax,
  'a body has room for the values of a batch of texts, and of an import': (b) =>
    2 * b.batchTextsMax <= b.jsonValuesMax && 32 * b.importBatchMax <= b.jsonValuesMax,
  'a page of a draw fits a body, and a page of slots an answer': (b) =>
    b.groupKeySlotsPerCallMax * (b.sealedKeyCharactersMax + 40) <= 64 * 1024 &&
    3 * b.groupKeySlotsPerCallMax + 16 <= b.jsonValuesMax &&
    b.groupKeySlotsPageMax * (b.sealedKeyCharactersMax + 128) <= 64 * 1024,
  'a list without pages is no larger than what else is answered': (b) =>
    b.keysPerRequestMax * (nameBytes(b) + publicKeysBytes(b) + 128) <= b.pageBytesMax &&
    b.apiKeysMax * (bytesPerCharacter * b.labelCharactersMax + groupNameBytes(b) + 192) <=
      b.httpBodyBytesMax &&
    b.membersPageMax * (nameBytes(b) + 64) <= b.pageBytesMax &&
    b.groupsPerUserMax * groupBytes(b) <= b.pageBytesMax &&
    b.onlineUsersMax * (nameBytes(b) + 64) <= 4 * b.httpBodyBytesMax,
  // A control character has six bytes in JSON.
  'the largest page fits an answer over HTTP': (b) =>
    6 * (b.pageBytesMax + b.sealedBytesMax) + b.httpBodyBytesMax <= b.httpAnswerBytesMax,
  'a position in a history has room for all timelines of a user': (b) =>
    (positionBytes(b) * 4) / 3 <= b.historyPositionCharactersMax,
  'who has read nothing for a while may search a page, and read one': (b) =>
    b.historyScanBytesMax + 6 * b.pageBytesMax <= b.readBytesPerSecondMax * b.readBurstSeconds,
  'a device has room for the keys of those who only write to it': (b) =>
    2 * b.clientWrittenToMax <= b.clientPinsMax - b.clientVerifiedMax,
  'one user leaves pages for others': (b) => 2 * b.readsPerUserMax <= b.pagesUnderWayMax,
  'a server takes the marks that a client sends': (b) =>
    b.clientMarksAtOnceMax * 5 <= b.marksPerSecondMax &&
    b.marksPerFrameMax <= b.markSourcesHeldMax &&
    b.marksPerFrameMax <= b.clientMarksAtOnceMax,
  'answers may be taken more slowly than requests are sent': (b) =>
    b.frameMsMax <= b.httpAnswerMsMax && b.httpAnswerMsMax <= b.httpRequestMsMax,
  'no part of a file is on its way when its bytes are removed': (b) =>
    b.httpRequestMsMax + (b.fileChunkBytes * 1_000) / b.bytesPerSecondMin < b.fileChunkMsMax &&
    b.fileChunkMsMax < b.fileRemovedMs,
  'an upload does not end while a part of it comes': (b) =>
    b.fileChunkMsMax < b.fileIdleMs && b.fileIdleMs < b.fileUnfinishedMs,
  'no address, user or file has all transfers of a kind': (b) =>
    b.fileTransfersOfKindMax < b.fileTransfersMax &&
    2 * Math.max(b.fileTransfersPerAddressMax, b.fileUploadsPerUserMax, b.fileReadersMax) <=
      b.fileTransfersOfKindMax,
  'the transfers of a route fit a part of the least budget': (b) =>
    b.fileTransfersMax * b.fileTransferBytes <= b.processBytesMin / 2,
  'the record of the largest file fits a call of the store': (b) =>
    (b.fileBytesCeiling / b.fileChunkBytes) * 72 <= b.storeBatchBytesMax,
};

/** Those that do not hold. */
export function brokenRelations(bounds: Bounds): string[] {
  return Object.keys(relations).filter((name) => relations[name]?.(bounds) === false);
}

export function assertRelations(bounds: Bounds): void {
  const broken = brokenRelations(bounds);
  if (broken.length > 0) throw new Error(`bounds of limits.ts contradict each other: ${broken}`);
}
