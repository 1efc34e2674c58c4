// Which scenarios a notebook's cells run just now, and which of those runs failed: what the kernel cannot say while it works.

import { Cell } from '@jupyterlab/cells';
import { ISignal, Signal } from '@lumino/signaling';

import { sourceOf } from './cells';

const MAGIC = /^\s*(?:[\w., ]+=\s*)?%(simulate|hunt)\s+(\w+)/m;

export interface Running {
  magic: 'simulate' | 'hunt';
  isFirst: boolean; // the others wait for it
}

interface Problem {
  name?: string;
  ename?: string;
  errorName?: string;
  errorValue?: string;
}

export class Runs {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What of a scenario is under way; null where nothing is. */
  of(scenario: string): Running | null {
    const all = [...this._cells.values()];
    const index = all.findIndex(each => each.scenario === scenario);
    return index < 0 ? null : { magic: all[index].magic, isFirst: index === 0 };
  }

  /** Why the latest run of a scenario gave nothing; empty where it gave something, or there was none. */
  problem(scenario: string): string {
    return this._problems.get(scenario) ?? '';
  }

  scheduled(cell: Cell): void {
    const found = MAGIC.exec(sourceOf(cell));
    if (found) {
      this._cells.set(cell, { magic: found[1] as Running['magic'], scenario: found[2] });
      this._problems.delete(found[2]);
      this._changed.emit();
    }
  }

  ended(cell: Cell, isGood: boolean, error: Problem | null): void {
    const run = this._cells.get(cell);
    if (run) {
      this._cells.delete(cell);
      if (!isGood) {
        this._problems.set(run.scenario, worded(error));
      }
      this._changed.emit();
    }
  }

  /** Forget all, without a word: who asks for it tells of more. */
  clear(): void {
    this._cells.clear();
    this._problems.clear();
  }

  private _cells = new Map<Cell, { magic: Running['magic']; scenario: string }>();
  private _changed = new Signal<this, void>(this);
  private _problems = new Map<string, string>();
}

function worded(error: Problem | null): string {
  const name = error?.errorName ?? error?.ename ?? '';
  if (!name || name === 'KeyboardInterrupt' || name === 'CancelledError') {
    return 'stopped before it gave anything';
  }
  const first = (error?.errorValue ?? '').split('\n')[0].trim();
  return `it failed: ${first || name}`;
}
