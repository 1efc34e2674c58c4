// The links of all open notebooks, and which of them is the current one.

import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { ISignal, Signal } from '@lumino/signaling';

import { Link } from './link';
import { Runs } from './runs';

export interface Linked {
  panel: NotebookPanel;
  link: Link;
  runs: Runs;
}

export class Links {
  constructor(private tracker: INotebookTracker) {
    tracker.forEach(panel => this.add(panel));
    tracker.widgetAdded.connect((_, panel) => this.add(panel));
    tracker.currentChanged.connect(() => this._currentChanged.emit());
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      this.of(notebook)?.runs.scheduled(cell);
    });
    NotebookActions.executed.connect((_, { notebook, cell, success, error }) => {
      const linked = this.of(notebook);
      linked?.runs.ended(cell, success, error ?? null);
      if (linked && /\bstudio\b/.test(cell.model.sharedModel.getSource())) {
        linked.link.retry(); // it may just have been loaded
      }
    });
  }

  /** Fired when a notebook has been opened and its link made. */
  get added(): ISignal<this, Linked> {
    return this._added;
  }

  /** Fired when another notebook is the current one, or it is called otherwise. */
  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  /** Fired when any link has something new. */
  get changed(): ISignal<this, Linked> {
    return this._changed;
  }

  get current(): Linked | null {
    const panel = this.tracker.currentWidget;
    return (panel && this._links.get(panel)) || null;
  }

  /** The notebook that an element is in, such as the output of a cell. */
  holding(element: Element): NotebookPanel | null {
    return [...this._links.keys()].find(panel => panel.node.contains(element)) ?? null;
  }

  /** The open notebook of a path. */
  at(path: string): Linked | null {
    return [...this._links.values()].find(each => each.panel.context.path === path) ?? null;
  }

  private of(notebook: NotebookPanel['content']): Linked | null {
    return [...this._links.values()].find(each => each.panel.content === notebook) ?? null;
  }

  private add(panel: NotebookPanel): void {
    if (this._links.has(panel)) {
      return;
    }
    const linked = { panel, link: new Link(panel.sessionContext), runs: new Runs() };
    this._links.set(panel, linked);
    linked.link.changed.connect(link => {
      if (link.state !== 'ready') {
        linked.runs.clear(); // they went with their kernel
      }
      this._changed.emit(linked);
    });
    linked.runs.changed.connect(() => this._changed.emit(linked));
    panel.context.pathChanged.connect(() => this._currentChanged.emit());
    panel.disposed.connect(() => {
      this._links.delete(panel);
      linked.link.dispose();
      this._currentChanged.emit();
    });
    this._added.emit(linked);
    this._currentChanged.emit(); // it may have been the current one before it was known here
  }

  private _added = new Signal<this, Linked>(this);
  private _changed = new Signal<this, Linked>(this);
  private _currentChanged = new Signal<this, void>(this);
  private _links = new Map<NotebookPanel, Linked>();
}
