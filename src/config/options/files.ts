/** Where the bytes of files are, how large files may be, and how long they are kept. */
import { limits } from '../../base/limits.ts';
import { type Option, optional } from '../option.ts';

const bytes = {
  type: 'integer',
  topic: 'Files',
  placeholder: 'BYTES',
  min: 0,
  max: 1024 ** 5,
} as const;

const both = <Value>(value: Value) => ({ route: value, dev: value });

export const filesOptions = {
  'files-folder': {
    type: 'path',
    topic: 'Files',
    placeholder: 'DIR',
    description: 'keep files in this folder; where it is not in the data folder by itself',
    defaults: both(optional),
  },
  's3-url': {
    type: 'text',
    charactersMax: 500,
    topic: 'Files',
    placeholder: 'URL',
    description: 'keep files in this S3, with the four settings below',
    defaults: both(optional),
  },
  's3-bucket': {
    type: 'text',
    charactersMax: 63,
    topic: 'Files',
    placeholder: 'NAME',
    description: 'its bucket; nothing else may be in it',
    defaults: both(optional),
  },
  's3-region': {
    type: 'text',
    charactersMax: 64,
    topic: 'Files',
    placeholder: 'NAME',
    description: 'its region',
    defaults: both('us-east-1'),
  },
  's3-key': {
    type: 'text',
    charactersMax: 200,
    topic: 'Files',
    placeholder: 'KEY',
    secret: true,
    description: 'the id of a key that may list, put, get and delete objects there',
    defaults: both(optional),
  },
  's3-secret': {
    type: 'text',
    charactersMax: 200,
    topic: 'Files',
    placeholder: 'SECRET',
    secret: true,
    description: 'the secret of that key',
    defaults: both(optional),
  },
  'file-bytes': {
    ...bytes,
    max: limits.fileBytesCeiling,
    description: 'bytes of one file',
    defaults: both(limits.fileBytesMax),
  },
  'user-file-bytes': {
    ...bytes,
    description: 'bytes of all files of one user',
    defaults: both(limits.userFileBytesMax),
  },
  'all-file-bytes': {
    ...bytes,
    description: 'bytes of all files of the cluster',
    defaults: both(limits.allFileBytesMax),
  },
  'file-days': {
    type: 'integer',
    min: 1,
    max: 36_500,
    topic: 'Files',
    placeholder: 'DAYS',
    description: 'days that a file is kept from its upload; --timeline-days if absent',
    defaults: both(optional),
  },
} as const satisfies Record<string, Option>;
