/** What gave way first when a load was too much: told from how busy everything was. Pure. */

export interface Strain {
  /** What was refused, or ended, with how often. */
  readonly problems: Readonly<Record<string, number>>;
  /** Cores that each process of the system kept busy. */
  readonly system: readonly { readonly name: string; readonly cores: number }[];
  /** The same of the processes of the load. */
  readonly load: readonly number[];
  /** Of all cores of this machine. */
  readonly machineShare: number;
}

/** A process that keeps this much of one core busy does nothing else: what it does is one thread. */
const busyCores = 0.85;
const busyMachine = 0.95;

export function nameSaturation({ problems, system, load, machineShare }: Strain): string {
  const [problem] = Object.entries(problems).sort(([, a], [, b]) => b - a);
  if (problem) return `failed: ${problem[0]} (${problem[1]} times)`;
  const generator = {
    name: 'the load generator itself (more --processes, or another machine)',
    cores: Math.max(0, ...load),
  };
  const ofSystem = system.map(({ name, cores }) => ({
    name: `the processor time of ${name}`,
    cores,
  }));
  const [busiest] = [...ofSystem, generator].toSorted((a, b) => b.cores - a.cores);
  if (busiest && busiest.cores >= busyCores) return busiest.name;
  if (machineShare >= busyMachine)
    return 'the processors of this machine, which system and load share';
  if (system.length === 0)
    return 'nothing on this machine: the system is elsewhere, or not to be seen';
  const [first] = system.toSorted((a, b) => b.cores - a.cores);
  const most = first
    ? `; ${first.name} was busiest, ${Math.round(100 * first.cores)} % of a core`
    : '';
  return `nothing that is seen here: waiting for a disk, the network or another machine${most}`;
}
