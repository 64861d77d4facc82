/** How often secrets may be guessed: in tests, from nowhere, as often as one likes. */
import { ClientAddresses } from '../../src/limits/addresses.ts';
import { GuessRate } from '../../src/limits/guess-rate.ts';

export function anyGuesses(): GuessRate {
  return new GuessRate(new ClientAddresses({ trustProxy: [], limitLoopback: false }), 1_000_000);
}
