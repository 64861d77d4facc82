/**
 * Every bound in cim, with what breaks beyond it; each file of limits/ has those of one subject.
 * Settings may change those that depend on a deployment (src/config/options/ takes its defaults from
 * here); the others are part of the protocol or of how memory is divided
 * (docs/reference/limits.md, "Memory").
 */
import { clientLimits } from './limits/client.ts';
import { contentLimits } from './limits/content.ts';
import { filesLimits } from './limits/files.ts';
import { httpLimits } from './limits/http.ts';
import { inputLimits } from './limits/input.ts';
import { linksLimits } from './limits/links.ts';
import { marksLimits } from './limits/marks.ts';
import { mqttLimits } from './limits/mqtt.ts';
import { operatorsLimits } from './limits/operators.ts';
import { ratesLimits } from './limits/rates.ts';
import { assertRelations } from './limits/relations.ts';
import { serverLimits } from './limits/server.ts';
import { storeLimits } from './limits/store.ts';
import { topicsLimits } from './limits/topics.ts';

export const limits = {
  ...inputLimits,
  ...serverLimits,
  ...ratesLimits,
  ...linksLimits,
  ...httpLimits,
  ...storeLimits,
  ...clientLimits,
  ...contentLimits,
  ...marksLimits,
  ...filesLimits,
  ...operatorsLimits,
  ...mqttLimits,
  ...topicsLimits,
} as const;

assertRelations(limits);
