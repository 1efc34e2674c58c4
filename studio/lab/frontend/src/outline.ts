// Turn an inventory into sections of rows: what the sidebar shows, as values.

import { Counterexample, Entry, Finding, Health, Inventory, Member, Outcome, Place, plural } from './protocol';
import { Running } from './runs';

export type Tone = 'good' | 'error' | 'warning' | 'muted' | 'busy';

export interface Mark {
  sign: string;
  text: string;
  tone: Tone;
}

export interface Act {
  label: string;
  title: string;
  run: 'simulate' | 'hunt' | 'replay' | 'stop';
}

/** What the notebook's own cells do with its scenarios. */
export interface Doing {
  of: (scenario: string) => Running | null;
  problem: (scenario: string) => string;
}

export interface Row {
  key: string;
  kind: string;
  name: string;
  detail: string;
  title: string;
  place: Place | null;
  health: Mark | null;
  outcome: Mark | null;
  acts: Act[];
  children: Row[];
}

export interface Section {
  key: string;
  title: string;
  rows: Row[];
}

const SIGNS = { error: '✗', warning: '▲', note: '○' } as const;
const SELF_EVIDENT = ['step', 'stage'];
const TONES: Record<string, Tone> = { error: 'error', warning: 'warning', note: 'muted' };

export function healthMark(health: Health): Mark | null {
  if (!health.worst) {
    return null;
  }
  const parts = (['error', 'warning', 'note'] as const).filter(each => health[each]);
  const text = parts.map(each => plural(health[each], each)).join(', ');
  return { sign: `${SIGNS[health.worst]} ${health.count}`, text, tone: TONES[health.worst] };
}

export function outlineOf(inventory: Inventory, doing: Doing | null = null): Section[] {
  const rowsOf = (kind: string, entries: Entry[]) => entries.map(entry => entryRow(kind, entry, inventory.findings));
  const sections: Section[] = [
    { key: 'broken', title: 'Cells that failed', rows: inventory.broken.map(each => brokenRow(each)) },
    { key: 'services', title: 'Services', rows: rowsOf('service', inventory.services) },
    { key: 'externals', title: 'Third parties', rows: rowsOf('external', inventory.externals) },
    { key: 'compositions', title: 'Compositions', rows: rowsOf('compose', inventory.compositions) },
    { key: 'sagas', title: 'Sagas', rows: rowsOf('saga', inventory.sagas) },
    { key: 'scenarios', title: 'Scenarios', rows: inventory.scenarios.map(each => scenarioRow(each, inventory.findings, doing)) },
    { key: 'counterexamples', title: 'Counterexamples', rows: inventory.counterexamples.map(each => counterexampleRow(each, inventory)) },
    { key: 'invariants', title: 'Invariants', rows: rowsOf('invariant', inventory.invariants) },
    { key: 'contracts', title: 'Contracts and events', rows: rowsOf('contracts', inventory.contracts) }
  ];
  return sections.filter(section => section.rows.length > 0);
}

/** Keep what has a text in its name or detail; a row stays for its children's sake too. */
export function filtered(sections: Section[], text: string): Section[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) {
    return sections;
  }
  const matches = (row: Row) => [row.name, row.detail, row.kind].some(each => each.toLowerCase().includes(wanted));
  const keep = (row: Row): Row | null => {
    if (matches(row)) {
      return row;
    }
    const children = row.children.map(keep).filter(each => each !== null);
    return children.length ? { ...row, children } : null;
  };
  return sections
    .map(section => ({ ...section, rows: section.rows.map(keep).filter(each => each !== null) }))
    .filter(section => section.rows.length > 0);
}

/** The findings about a declaration, a line each. */
function told(place: Place | null, findings: Finding[]): string[] {
  const isHere = (other: Place | null) => Boolean(other?.magic) && other?.magic === place?.magic;
  return findings.filter(each => isHere(each.place)).map(each => `${SIGNS[each.severity]} ${each.code} ${each.text}`);
}

function entryRow(kind: string, entry: Entry, findings: Finding[]): Row {
  const stale = entry.stale ? { sign: '✗ stale', text: entry.stale, tone: 'error' as Tone } : null;
  return {
    key: `${kind}/${entry.name}`,
    kind,
    name: entry.name,
    detail: entry.detail,
    title: [`${entry.name} ${entry.detail}`, entry.doc, entry.ends ? `ends in ${entry.ends}` : '', entry.stale, ...told(entry.place, findings)].filter(Boolean).join('\n'),
    place: entry.place,
    health: stale ?? healthMark(entry.health),
    outcome: null,
    acts: [],
    children: (entry.members ?? []).map((member, index) => memberRow(`${kind}/${entry.name}/${index}`, member, entry))
  };
}

function memberRow(key: string, member: Member, entry: Entry): Row {
  return {
    key: `${key}/${member.name}`,
    kind: member.kind,
    name: member.name,
    detail: SELF_EVIDENT.includes(member.kind) ? member.detail : [member.kind, member.detail].filter(Boolean).join(', '),
    title: [member.name, `${member.kind} of ${entry.name}`, member.detail].filter(Boolean).join('\n'),
    place: member.place ?? entry.place,
    health: null,
    outcome: null,
    acts: [],
    children: []
  };
}

function scenarioRow(entry: Entry, findings: Finding[], doing: Doing | null): Row {
  const row = entryRow('scenario', entry, findings);
  const running = doing?.of(entry.name);
  if (running) {
    const verb = running.magic === 'hunt' ? 'hunting' : 'running';
    return {
      ...row,
      outcome: { sign: '▸', text: running.isFirst ? `${verb} …` : 'waits for its turn', tone: 'busy' },
      acts: [{ label: 'Stop', title: 'Interrupt the kernel; what was found so far is kept', run: 'stop' }]
    };
  }
  const problem = doing?.problem(entry.name);
  const last: Mark = entry.outcome ? outcomeMark(entry.outcome) : { sign: '·', text: 'not run yet', tone: 'muted' };
  return {
    ...row,
    outcome: problem ? { sign: '✗', text: problem, tone: 'error' } : last,
    acts: [
      { label: 'Run', title: `Run ${entry.name} in a cell: %simulate ${entry.name}`, run: 'simulate' },
      { label: 'Hunt', title: `Search for the fewest faults that break it: %hunt ${entry.name}`, run: 'hunt' }
    ]
  };
}

function outcomeMark(outcome: Outcome): Mark {
  const sign = { held: '✓', failed: '✗', open: '?' }[outcome.state];
  const seed = outcome.seed === null ? '' : ` · seed ${outcome.seed}`;
  const older = outcome.is_older ? ' · before the latest change' : '';
  const tone: Tone = outcome.is_older ? 'muted' : outcome.state === 'held' ? 'good' : outcome.state === 'failed' ? 'error' : 'warning';
  return { sign, text: `${outcome.text}${seed}${older}`, tone };
}

function counterexampleRow(found: Counterexample, inventory: Inventory): Row {
  const marks: Record<Counterexample['status'], Mark> = {
    found: { sign: '·', text: found.kept ? 'kept' : 'found in this session', tone: 'muted' },
    fails: { sign: '✗', text: 'still fails', tone: 'error' },
    mended: { sign: '✓', text: 'mended', tone: 'good' },
    unrunnable: { sign: '?', text: `cannot be run: ${found.reason}`, tone: 'warning' }
  };
  const mark = marks[found.status];
  return {
    key: `counterexample/${found.name}`,
    kind: 'counterexample',
    name: found.invariant,
    detail: `in ${found.scenario}`,
    title: `${found.name}\nin ${found.scenario}, seed ${found.seed}\nit takes: ${found.takes}`,
    place: inventory.scenarios.find(each => each.name === found.scenario)?.place ?? null,
    health: null,
    outcome: { ...mark, text: `${mark.text} · takes ${found.takes}` },
    acts: found.kept ? [{ label: 'Replay', title: `Run ${found.name} again in a cell`, run: 'replay' }] : [],
    children: []
  };
}

function brokenRow(broken: Inventory['broken'][number]): Row {
  return {
    key: `broken/${broken.name}`,
    kind: broken.kind,
    name: broken.name,
    detail: broken.kind,
    title: broken.reason,
    place: broken.place,
    health: null,
    outcome: { sign: '✗', text: broken.reason, tone: 'error' },
    acts: [],
    children: []
  };
}
