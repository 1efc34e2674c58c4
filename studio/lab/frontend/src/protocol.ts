// What the kernel's side sends, as studio/lab/inventory.py makes it.

export const TARGET = 'studio.lab';
export const VERSION = 1;

export type Severity = 'error' | 'warning' | 'note';

export interface Place {
  cell: string; // id of the cell; empty where that is not known
  magic: string; // what its first line begins with
  file: string; // where it stands in a file instead
  line: number | null; // in the body, from 1
}

export interface Health {
  count: number;
  worst: Severity | '';
  error: number;
  warning: number;
  note: number;
}

export interface Member {
  kind: string;
  name: string;
  detail: string;
  place: Place | null;
}

export interface Outcome {
  state: 'held' | 'failed' | 'open';
  text: string;
  seed: number | null;
  violated: string[];
  is_older: boolean;
}

export interface Entry {
  name: string;
  doc: string;
  detail: string;
  place: Place | null;
  health: Health;
  stale: string;
  members?: Member[];
  ends?: string;
  outcome?: Outcome | null;
}

export interface Counterexample {
  name: string;
  invariant: string;
  scenario: string;
  seed: number;
  takes: string;
  status: 'found' | 'fails' | 'mended' | 'unrunnable';
  reason: string;
  kept: boolean;
}

export interface Broken {
  name: string;
  kind: string;
  reason: string;
  place: Place;
}

export interface Finding {
  code: string;
  severity: Severity;
  slug: string;
  text: string;
  hint: string;
  line: number | null;
  place: Place | null;
}

export interface Inventory {
  version: number;
  services: Entry[];
  externals: Entry[];
  compositions: Entry[];
  sagas: Entry[];
  scenarios: Entry[];
  invariants: Entry[];
  contracts: Entry[];
  counterexamples: Counterexample[];
  broken: Broken[];
  findings: Finding[];
  health: Health;
}

export type Told =
  | { kind: 'inventory'; inventory: Inventory }
  | { kind: 'dashboard'; url: string }
  | { kind: 'problem'; ask: string; text: string };

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
