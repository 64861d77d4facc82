/** What is printed and logged, and where settings come from. */
import { logLevels } from '../../base/log.ts';
import { type Option, optional } from '../option.ts';

export const outputOptions = {
  json: {
    type: 'boolean',
    topic: 'Output',
    description: 'one JSON object per line instead of text for people',
    defaults: {
      client: false,
      send: false,
      verify: false,
      bench: false,
      admin: false,
      doctor: false,
      trace: false,
      top: false,
    },
  },
  once: {
    type: 'boolean',
    topic: 'Output',
    description: 'show the cluster as it is, once, and end',
    defaults: { top: false },
  },
  listen: {
    type: 'boolean',
    topic: 'Output',
    description: 'stay connected when the input has ended',
    defaults: { client: false },
  },
  check: {
    type: 'boolean',
    topic: 'Output',
    description: 'only list what is wrong, and exit 78 if anything is',
    sources: ['flag'],
    defaults: { config: false },
  },
  'log-level': {
    type: 'choice',
    choices: logLevels,
    topic: 'General',
    description: 'log this level and what is more serious, to stderr',
    // A conversation shows its own errors; a log would run into what is being typed.
    defaults: {
      server: 'info',
      route: 'info',
      dev: 'warn',
      client: 'silent',
      send: 'silent',
      verify: 'silent',
      bench: 'silent',
    },
  },
  config: {
    type: 'path',
    topic: 'General',
    placeholder: 'FILE',
    description: 'file of settings, YAML or JSON, keys named as the flags',
    sources: ['flag', 'env'],
    defaults: {
      server: optional,
      route: optional,
      dev: optional,
      client: optional,
      send: optional,
      verify: optional,
      bench: optional,
      admin: optional,
      doctor: optional,
      trace: optional,
      top: optional,
      config: optional,
    },
  },
} as const satisfies Record<string, Option>;
