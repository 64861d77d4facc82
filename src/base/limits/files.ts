/** Files: what is uploaded beside messages. */
export const filesLimits = {
  /** Bytes of one part of an upload: what is sent anew when a connection breaks, and checked by itself. */
  fileChunkBytes: 8 * 1024 * 1024,
  /** How long one may take to come, at `bytesPerSecondMin`: Node.js then ends the request by itself. */
  fileChunkMsMax: 45 * 60_000,
  /** Bytes of one file; a setting goes up to `fileBytesCeiling`. */
  fileBytesMax: 100 * 1024 * 1024,
  /** Each of its parts is a field of the upload's record, and all are read with it. */
  fileBytesCeiling: 16 * 1024 * 1024 * 1024,
  /** Bytes of all files of one user, unfinished ones included. */
  userFileBytesMax: 1024 * 1024 * 1024,
  /** Bytes of all files of a cluster. */
  allFileBytesMax: 10 * 1024 * 1024 * 1024,
  /** What the smallest file counts: its record costs too, and bounds in bytes so bound files as well. */
  fileCountedBytesMin: 64 * 1024,
  /** An upload ends when no further part of it has come for so long: longer than the slowest one takes. */
  fileIdleMs: 3600 * 1000,
  /** And when it is not finished after so long. */
  fileUnfinishedMs: 24 * 3600 * 1000,
  /**
   * What uploads that are not finished may have of the room of a user, and of all (one file always): they
   * take it by a word. The rest is there for what has been uploaded.
   */
  userUnfinishedShare: 1 / 4,
  allUnfinishedShare: 1 / 2,
  /**
   * What has expired is given to nobody, and its bytes are removed so long after: by then no part of it
   * is on its way any more.
   */
  fileRemovedMs: 3600 * 1000,
  /** Routes look so often for what is to be removed, so many at a time, each for so long. */
  fileSweepMs: 60_000,
  filesPerSweepMax: 100,
  fileSweepLeaseMs: 10 * 60_000,
  /** Users of whom an operator is told how much they have, those with most first. */
  fileOwnersListedMax: 100,
  /** Files that one user begins in an hour: each is a record for a day at least. */
  filesPerHourMax: 1_000,
  /**
   * Parts that are taken, or given, at a time, of a route and of one address: each holds buffers. Uploads
   * leave some of them to downloads, and the other way round.
   */
  fileTransfersMax: 64,
  fileTransfersOfKindMax: 48,
  fileTransfersPerAddressMax: 8,
  /** Parts that one user uploads at a time, and who reads one file at a time. */
  fileUploadsPerUserMax: 8,
  fileReadersMax: 24,
  /** When there is no room for another one, the slowest ends that has been slower than this for so long. */
  fileTransferBytesPerSecondMin: 64 * 1024,
  fileTransferLookMs: 10_000,
  /** What one of them counts: buffers of its socket, of its file, and what was read and not written. */
  fileTransferBytes: 256 * 1024,
  /** Uploads that are looked at, for their end, at a time: each may be read as a whole. */
  fileFinishesUnderWayMax: 4,
  /** And that wait for that, or are under way; others hear `busy`. */
  fileFinishesWaitingMax: 64,
  /** Who waits for an end longer than this hears `busy`, and asks again after so long: it goes on meanwhile. */
  fileFinishAnswerMs: 2_000,
  fileFinishRetryMs: 5_000,
  /** Uploads whose hash a route has come along with: of others it reads the parts when they are finished. */
  fileHashesMax: 1_024,
  /** An S3 that says nothing for so long does not answer. */
  s3SilenceMsMax: 15_000,
  /** Characters of a MIME type. */
  fileTypeCharactersMax: 127,
} as const;
